// The same shapes as SVG text: rectangles, lines and text, nothing that needs a script or a server.

const boxOfShape = ({ x, y, width, height }) => ({ x, y, width, height });

/** A new SVG element inside `parent`; numbers are rounded to hundredths. */
function addSvg(parent, name, attributes, content) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
  }
  if (content !== undefined) node.textContent = content;
  parent?.appendChild(node);
  return node;
}

/** An SVG picture of a layout's size with a margin: {root, definitions}. */
function startSvg(layout, theme, margin, { title, description }) {
  const page = { x: -margin, y: -margin, width: layout.width + 2 * margin, height: layout.height + 2 * margin };
  const root = addSvg(null, "svg", {
    width: page.width, height: page.height, viewBox: `${page.x} ${page.y} ${page.width} ${page.height}`, role: "img",
    "font-family": theme.font,
  });
  addSvg(root, "title", {}, title);
  addSvg(root, "desc", {}, description);
  const definitions = addSvg(root, "defs", {});
  addSvg(root, "rect", { ...page, fill: theme.background });
  return { root, definitions };
}

function svgText(root) {
  return new XMLSerializer().serializeToString(root);
}

function addGradient(definitions, id, stops) {
  const gradient = addSvg(definitions, "linearGradient", { id });
  stops.forEach((colour, i, all) =>
    addSvg(gradient, "stop", { offset: `${(100 * i) / (all.length - 1)}%`, "stop-color": colour }));
}

function addText(parent, theme, shape, fill = roleColour(theme, shape.colour)) {
  const anchor = { left: "start", center: "middle", right: "end" }[shape.align];
  const turn = shape.angle ? { transform: `rotate(${(shape.angle * 180) / Math.PI} ${shape.x} ${shape.y})` } : {};
  const halo = shape.halo
    ? { stroke: theme.background, "stroke-width": shape.halo, "stroke-linejoin": "round", "paint-order": "stroke" } : {};
  return addSvg(parent, "text", {
    x: shape.x, y: shape.y, "font-size": shape.size, "font-weight": String(shape.weight), "text-anchor": anchor,
    direction: "ltr", fill, ...turn, ...halo,
  }, shape.text);
}

function addLine(parent, { x1, y1, x2, y2 }, options) {
  addSvg(parent, "line", { x1, y1, x2, y2, ...options });
}

function addFrame(parent, theme, { x, y, width, height }, options = {}) {
  addSvg(parent, "rect", {
    x: x - 0.5, y: y - 0.5, width: width + 1, height: height + 1, fill: "none", stroke: theme.frame, ...options,
  });
}
