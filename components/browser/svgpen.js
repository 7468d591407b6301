// A pen with the methods of a canvas context that the painters use, which writes SVG text.

const XML_SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
// What XML 1.0 does not allow even escaped.
const NOT_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const xmlText = (text) => String(text).replace(NOT_XML, "\uFFFD").replace(/[&<>"']/g, (sign) => XML_SIGNS[sign]);
const svgNumber = (value) => String(Math.round(value * 100) / 100);

/**
 * An SVG picture as a pen; `written()` is its text. `title` and `description` are read by those who do not see it.
 * Lengths are CSS pixels. Turns and scales are not known, only `translate`.
 */
function svgPen(width, height, { title = "", description = "", background = "", x = 0, y = 0 } = {}) {
  const body = [];
  const definitions = [];
  const clips = new Map();
  const fresh = {
    fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1, font: "10px sans-serif", textAlign: "left",
    textBaseline: "alphabetic", lineJoin: "miter", lineCap: "butt", direction: "ltr", dash: [], within: "",
    dx: 0, dy: 0,
  };
  const pen = { ...fresh };
  const saved = [];
  const path = [];
  let here = null; // the end of the path; a curve needs none, a line without one begins there

  const at = (px, py) => `${svgNumber(px + pen.dx)} ${svgNumber(py + pen.dy)}`;
  const attribute = (name, value, unless) => (value === unless ? "" : ` ${name}="${xmlText(value)}"`);
  const add = (text) => body.push(pen.within ? `<g clip-path="url(#${pen.within})">${text}</g>` : text);
  const filling = () => `${attribute("fill", pen.fillStyle)}${attribute("fill-opacity", pen.globalAlpha, 1)}`;
  const stroking = () => [
    attribute("fill", "none"), attribute("stroke", pen.strokeStyle), attribute("stroke-opacity", pen.globalAlpha, 1),
    attribute("stroke-width", svgNumber(pen.lineWidth)), attribute("stroke-linejoin", pen.lineJoin, "miter"),
    attribute("stroke-linecap", pen.lineCap, "butt"), attribute("stroke-dasharray", pen.dash.join(" "), ""),
  ].join("");
  const rectangle = (px, py, w, h) => [
    ["x", Math.min(px, px + w) + pen.dx], ["y", Math.min(py, py + h) + pen.dy],
    ["width", Math.abs(w)], ["height", Math.abs(h)],
  ].map(([name, value]) => ` ${name}="${svgNumber(value)}"`).join("");

  function write(text, px, py, colours) {
    const found = /^(?:(normal|bold|\d+) )?([\d.]+)px (.+)$/.exec(pen.font);
    const [, weight = "400", size = "10", family = "sans-serif"] = found ?? [];
    const anchor = { left: "start", start: "start", center: "middle", right: "end", end: "end" }[pen.textAlign];
    const drop = { middle: 0.35, top: 0.8, hanging: 0.8, bottom: -0.2 }[pen.textBaseline] ?? 0;
    const place = ` x="${svgNumber(px + pen.dx)}" y="${svgNumber(py + pen.dy + drop * Number(size))}"`;
    const font = ` font-size="${size}"${attribute("font-weight", weight, "400")}${attribute("font-family", family)}`;
    const looks = `${font}${attribute("text-anchor", anchor, "start")} direction="ltr"${colours}`;
    add(`<text${place}${looks} xml:space="preserve">${xmlText(text)}</text>`);
  }

  return Object.assign(pen, {
    save() {
      saved.push(Object.fromEntries(Object.keys(fresh).map((name) => [name, pen[name]])));
    },
    restore() {
      if (saved.length) Object.assign(pen, saved.pop());
    },
    translate(dx, dy) {
      pen.dx += dx;
      pen.dy += dy;
    },
    beginPath() {
      path.length = 0;
      here = null;
    },
    moveTo(px, py) {
      path.push(`M${at(px, py)}`);
      here = true;
    },
    lineTo(px, py) {
      path.push(`${here ? "L" : "M"}${at(px, py)}`);
      here = true;
    },
    quadraticCurveTo(ax, ay, px, py) {
      path.push(`Q${at(ax, ay)} ${at(px, py)}`);
    },
    bezierCurveTo(ax, ay, bx, by, px, py) {
      path.push(`C${at(ax, ay)} ${at(bx, by)} ${at(px, py)}`);
    },
    rect(px, py, w, h) {
      path.push(`M${at(px, py)}L${at(px + w, py)}L${at(px + w, py + h)}L${at(px, py + h)}Z`);
    },
    closePath() {
      path.push("Z");
    },
    clip() {
      const shape = `${path.join("")}|${pen.within}`;
      if (!clips.has(shape)) {
        const id = `clip-${clips.size + 1}`;
        const within = pen.within ? ` clip-path="url(#${pen.within})"` : "";
        definitions.push(`<clipPath id="${id}"${within}><path d="${path.join("")}"/></clipPath>`);
        clips.set(shape, id);
      }
      pen.within = clips.get(shape);
    },
    fill() {
      if (path.length) add(`<path d="${path.join("")}"${filling()}/>`);
    },
    stroke() {
      if (path.length) add(`<path d="${path.join("")}"${stroking()}/>`);
    },
    fillRect(px, py, w, h) {
      add(`<rect${rectangle(px, py, w, h)}${filling()}/>`);
    },
    strokeRect(px, py, w, h) {
      add(`<rect${rectangle(px, py, w, h)}${stroking()}/>`);
    },
    fillText(text, px, py) {
      write(text, px, py, filling());
    },
    strokeText(text, px, py) {
      write(text, px, py, stroking());
    },
    setLineDash(dash) {
      pen.dash = dash;
    },
    /** The picture as SVG text. */
    written() {
      const size = `width="${svgNumber(width)}" height="${svgNumber(height)}"`;
      const page = `<rect x="${x}" y="${y}" ${size} fill="${xmlText(background)}"/>`;
      return [
        `<svg xmlns="http://www.w3.org/2000/svg" ${size}`,
        ` viewBox="${x} ${y} ${svgNumber(width)} ${svgNumber(height)}" role="img">`,
        `<title>${xmlText(title)}</title><desc>${xmlText(description)}</desc>`,
        definitions.length ? `<defs>${definitions.join("")}</defs>` : "",
        background ? page : "", ...body, "</svg>",
      ].join("");
    },
  });
}
