// Draw a layout's shapes on a canvas, or write them as SVG. Colours of the page arrive in `theme`:
// {background, text, muted, rule, first, second, third, font, ramps: [sequential, diverging]}.

const LEVELS = 256;

function readTheme(root, context, style) {
  const theme = pageTheme(root, context, style);
  const { first, second, third, ramp, diverging } = theme.colours;
  const { background, text } = theme.rgb;
  return {
    ...theme, first, second, third,
    ground: theme.background,
    rule: theme.mix(0.2),
    stops: [ramp, diverging],
    tables: [colourTable(ramp, LEVELS), colourTable(diverging, LEVELS)],
    inks: [text, background, [255, 255, 255], [0, 0, 0]],
  };
}

/** A role, or [value, signed] on a ramp, as [red, green, blue] or a CSS colour. */
function shadeOf(theme, [value, signed]) {
  const share = signed ? (value + 1) / 2 : value;
  return theme.tables[signed ? 1 : 0][Math.round(Math.min(Math.max(share, 0), 1) * (LEVELS - 1))];
}

function colourOf(theme, fill) {
  return Array.isArray(fill) ? cssOf(shadeOf(theme, fill)) : theme[fill] ?? "transparent";
}

/** The colour of a text: its role, or over a shade the first ink with a contrast of 4.5:1 (one always has). */
function inkOf(theme, shape) {
  if (!Array.isArray(shape.over)) return colourOf(theme, shape.colour);
  const under = luminance(shadeOf(theme, shape.over));
  const contrast = (ink) => (Math.max(luminance(ink), under) + 0.05) / (Math.min(luminance(ink), under) + 0.05);
  return cssOf(theme.inks.find((ink) => contrast(ink) >= 4.5) ?? theme.inks[0]);
}

function paintRect(context, theme, shape, stripe) {
  const { x, y, width, height } = shape;
  if (shape.fill !== "none") {
    context.fillStyle = colourOf(theme, shape.fill);
    context.save();
    if (shape.stripes) {
      context.beginPath();
      context.rect(x, y, width, height);
      context.clip();
      context.globalAlpha = 0.28;
    }
    context.fillRect(x, y, width, height);
    if (shape.stripes) {
      context.globalAlpha = 1;
      context.strokeStyle = context.fillStyle;
      context.lineWidth = stripe * 0.42;
      context.beginPath();
      // One grid of stripes for the whole page, so that neighbours line up with each other and the SVG.
      for (let at = Math.floor((x - y - height) / stripe) * stripe; at < x + width - y + stripe; at += stripe) {
        context.moveTo(at + y, y);
        context.lineTo(at + y + height, y + height);
      }
      context.stroke();
    }
    context.restore();
  }
  const outline = shape.outline ?? (shape.stripes ? shape.fill : null);
  if (outline && width > 2) {
    const thick = shape.outline ? 2 : 1;
    context.strokeStyle = colourOf(theme, outline);
    context.lineWidth = thick;
    context.strokeRect(x + thick / 2, y + thick / 2, width - thick, height - thick);
  }
}

const FAINT = 0.4; // of a graph's area

/** The line through a graph's points, as [x, y] pairs, and its area down to the base. */
function areaOf({ points, base }) {
  return [[points[0][0], base], ...points, [points.at(-1)[0], base]];
}

function paintGraph(context, theme, shape) {
  const follow = (points) => {
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  };
  if (shape.fill !== "none") {
    context.save();
    context.globalAlpha = FAINT;
    context.fillStyle = colourOf(theme, shape.fill);
    follow(areaOf(shape));
    context.fill();
    context.restore();
  }
  if (shape.line !== "none") {
    context.strokeStyle = colourOf(theme, shape.line);
    context.lineWidth = shape.width;
    context.lineJoin = "round";
    follow(shape.points);
    context.stroke();
  }
}

function addGraph(parent, theme, shape) {
  const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
  if (shape.fill !== "none") {
    addSvg(parent, "path", { d: path(areaOf(shape)), fill: colourOf(theme, shape.fill), "fill-opacity": FAINT });
  }
  if (shape.line !== "none") {
    addSvg(parent, "path", {
      d: path(shape.points), fill: "none", stroke: colourOf(theme, shape.line), "stroke-width": shape.width,
      "stroke-linejoin": "round",
    });
  }
}

/** Upright and level lines of odd width lie on the middle of pixels, or they blur. */
function sharp(shape) {
  const half = (value) => Math.floor(value) + 0.5;
  const odd = shape.width % 2 === 1;
  const upright = odd && shape.x1 === shape.x2;
  const level = odd && shape.y1 === shape.y2;
  return {
    x1: upright ? half(shape.x1) : shape.x1, x2: upright ? half(shape.x2) : shape.x2,
    y1: level ? half(shape.y1) : shape.y1, y2: level ? half(shape.y2) : shape.y2,
  };
}

/** The whole drawing on its background, `scale` canvas pixels a CSS pixel, `margin` CSS pixels around it. */
function paintDrawing(canvas, model, layout, theme, scale, margin = 0) {
  const context = startCanvas(canvas, layout, theme, scale, margin);
  for (const shape of layout.shapes) {
    if (shape.kind === "text") paintText(context, theme, shape, inkOf(theme, shape));
    else if (shape.kind === "rect") paintRect(context, theme, shape, model.style.sizes.stripe);
    else if (shape.kind === "graph") paintGraph(context, theme, shape);
    else if (shape.kind === "ramp") paintRamp(context, theme, shape, theme.stops[shape.signed ? 1 : 0]);
    else paintLine(context, sharp(shape), colourOf(theme, shape.colour), shape.width);
  }
}

/** The same drawing as SVG text: rectangles, lines, graphs and text, nothing that needs a script or a server. */
function writeSvg(model, layout, theme) {
  const { export_margin: margin, stripe } = model.style.sizes;
  const { root, definitions } = startSvg(layout, theme, margin, model);
  const made = new Set();
  const pattern = (role) => {
    if (!made.has(role)) {
      made.add(role);
      const node = addSvg(definitions, "pattern", {
        id: `stripes-${role}`, width: stripe, height: stripe, patternUnits: "userSpaceOnUse",
      });
      const fill = colourOf(theme, role);
      addSvg(node, "rect", { width: stripe, height: stripe, fill, "fill-opacity": 0.28 });
      addSvg(node, "path", {
        d: `M0 0L${stripe} ${stripe}M-1 ${stripe - 1}L1 ${stripe + 1}M${stripe - 1} -1L${stripe + 1} 1`,
        stroke: fill, "stroke-width": stripe * 0.42,
      });
    }
    return `url(#stripes-${role})`;
  };
  const gradient = (signed) => {
    const id = signed ? "diverging" : "ramp";
    if (!made.has(id)) {
      made.add(id);
      addGradient(definitions, id, theme.stops[signed ? 1 : 0]);
    }
    return `url(#${id})`;
  };
  for (const shape of layout.shapes) {
    const { x, y, width, height } = shape;
    if (shape.kind === "text") {
      const node = addText(root, theme, shape, inkOf(theme, shape));
      if (shape.full) addSvg(node, "title", {}, shape.full);
    } else if (shape.kind === "ramp") {
      addSvg(root, "rect", { x, y, width, height, fill: gradient(shape.signed), stroke: theme.frame });
    } else if (shape.kind === "graph") {
      addGraph(root, theme, shape);
    } else if (shape.kind === "line") {
      addLine(root, sharp(shape), { stroke: colourOf(theme, shape.colour), "stroke-width": shape.width });
    } else {
      const outline = shape.outline ?? (shape.stripes ? shape.fill : null);
      const thick = outline && width > 2 ? (shape.outline ? 2 : 1) : 0;
      const filled = shape.stripes ? pattern(shape.fill) : colourOf(theme, shape.fill);
      const stroke = thick ? { stroke: colourOf(theme, outline), "stroke-width": thick } : {};
      const fill = shape.fill === "none" ? "none" : filled;
      addSvg(root, "rect", {
        x: x + thick / 2, y: y + thick / 2, width: width - thick, height: height - thick, fill, ...stroke,
      });
    }
  }
  return svgText(root);
}
