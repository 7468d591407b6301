// Saves Plotly's figure elsewhere on the page through the figure's own camera button, which has one format at a time.
export default function ({ data, parentElement }) {
  const save = (kind) => {
    const figure = document.querySelector(`.${CSS.escape(data.figure)} .js-plotly-plot`);
    const buttons = figure?._fullLayout?._modeBar?.buttons?.flat() ?? [];
    const camera = buttons.find((button) => button.name === "toImage");
    if (!camera) return;
    const wide = figure.getBoundingClientRect();
    figure._context.toImageButtonOptions = {
      format: kind, filename: data.name, scale: kind === "png" ? 2 : 1, width: wide.width, height: wide.height,
    };
    camera.click(figure, { currentTarget: { getAttribute: () => null } });
  };
  for (const button of parentElement.querySelectorAll("button")) button.onclick = () => save(button.dataset.kind);
}
