// Draw a layout's shapes on a canvas, or write them as SVG. Colours of the page arrive in `theme`:
// {background, text, muted, rule, first, second, font, ramps: [sequential, diverging]}.

const LEVELS = 256;
const HALO = 4; // CSS pixels of the page's colour around texts that lie on rules

function parseHex(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** 256 colours of a ramp of equally spaced stops, each [red, green, blue]. */
function colourTable(ramp) {
  const stops = ramp.map(parseHex);
  return Array.from({ length: LEVELS }, (_, level) => {
    const place = (level / (LEVELS - 1)) * (stops.length - 1);
    const index = Math.min(Math.floor(place), stops.length - 2);
    return stops[index].map((from, c) => Math.round(from + (stops[index + 1][c] - from) * (place - index)));
  });
}

/** Any CSS colour as [red, green, blue], by way of one canvas pixel. */
function readColour(context, css) {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3));
}

function readTheme(root, context, style) {
  const css = getComputedStyle(root);
  const value = (name, fallback) => {
    const found = css.getPropertyValue(name).trim();
    return found && found !== "unset" ? found : fallback;
  };
  const background = readColour(context, value("--st-background-color", "#ffffff"));
  const text = readColour(context, value("--st-text-color", "#31333f"));
  const mix = (share) => `rgb(${text.map((t, c) => Math.round(t * share + background[c] * (1 - share))).join(",")})`;
  const light = 0.2126 * background[0] + 0.7152 * background[1] + 0.0722 * background[2];
  const colours = light < 128 ? style.dark : style.light;
  const page = value("--st-font", "");
  return {
    background: `rgb(${background.join(",")})`,
    ground: `rgb(${background.join(",")})`,
    text: mix(1),
    muted: mix(style.muted_share),
    rule: mix(0.2),
    frame: mix(0.38),
    first: colours.first,
    second: colours.second,
    font: page ? `${page}, ${style.font_stack}` : style.font_stack,
    stops: [colours.ramp, colours.diverging],
    tables: [colourTable(colours.ramp), colourTable(colours.diverging)],
    inks: [text, background, [255, 255, 255], [0, 0, 0]],
  };
}

/** A role, or [value, signed] on a ramp, as [red, green, blue] or a CSS colour. */
function shadeOf(theme, [value, signed]) {
  const share = signed ? (value + 1) / 2 : value;
  return theme.tables[signed ? 1 : 0][Math.round(Math.min(Math.max(share, 0), 1) * (LEVELS - 1))];
}

function colourOf(theme, fill) {
  return Array.isArray(fill) ? `rgb(${shadeOf(theme, fill).join(",")})` : theme[fill] ?? "transparent";
}

/** Source: WCAG 2.2, relative luminance. */
function luminance(colour) {
  const [red, green, blue] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The colour of a text: its role, or over a shade the first ink with a contrast of 4.5:1 (one always has). */
function inkOf(theme, shape) {
  if (!Array.isArray(shape.over)) return colourOf(theme, shape.colour);
  const under = luminance(shadeOf(theme, shape.over));
  const contrast = (ink) => (Math.max(luminance(ink), under) + 0.05) / (Math.min(luminance(ink), under) + 0.05);
  return `rgb(${(theme.inks.find((ink) => contrast(ink) >= 4.5) ?? theme.inks[0]).join(",")})`;
}

function paintText(context, theme, shape) {
  context.font = `${shape.weight} ${shape.size}px ${theme.font}`;
  context.direction = "ltr";
  context.textAlign = shape.align;
  if (shape.halo) {
    context.strokeStyle = theme.ground;
    context.lineWidth = HALO;
    context.lineJoin = "round";
    context.strokeText(shape.text, shape.x, shape.y);
  }
  context.fillStyle = inkOf(theme, shape);
  context.fillText(shape.text, shape.x, shape.y);
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

function paintRamp(context, theme, { x, y, width, height, signed }) {
  const gradient = context.createLinearGradient(x, 0, x + width, 0);
  theme.stops[signed ? 1 : 0].forEach((colour, i, all) => gradient.addColorStop(i / (all.length - 1), colour));
  context.fillStyle = gradient;
  context.fillRect(x, y, width, height);
  context.strokeStyle = theme.frame;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
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
  const width = Math.round((layout.width + 2 * margin) * scale);
  const height = Math.round((layout.height + 2 * margin) * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.setTransform(scale, 0, 0, scale, margin * scale, margin * scale);
  for (const shape of layout.shapes) {
    if (shape.kind === "text") paintText(context, theme, shape);
    else if (shape.kind === "rect") paintRect(context, theme, shape, model.style.sizes.stripe);
    else if (shape.kind === "ramp") paintRamp(context, theme, shape);
    else {
      const { x1, y1, x2, y2 } = sharp(shape);
      context.strokeStyle = colourOf(theme, shape.colour);
      context.lineWidth = shape.width;
      context.beginPath();
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
      context.stroke();
    }
  }
}

/** The same drawing as SVG text: rectangles, lines and text, nothing that needs a script or a server. */
function writeSvg(model, layout, theme) {
  const space = "http://www.w3.org/2000/svg";
  const add = (parent, name, attributes, content) => {
    const node = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) {
      node.setAttribute(key, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
    }
    if (content !== undefined) node.textContent = content;
    parent?.appendChild(node);
    return node;
  };
  const { export_margin: margin, stripe } = model.style.sizes;
  const page = { x: -margin, y: -margin, width: layout.width + 2 * margin, height: layout.height + 2 * margin };
  const root = add(null, "svg", {
    width: page.width, height: page.height, viewBox: `${page.x} ${page.y} ${page.width} ${page.height}`, role: "img",
    "font-family": theme.font,
  });
  add(root, "title", {}, model.title);
  add(root, "desc", {}, model.description);
  const definitions = add(root, "defs", {});
  const made = new Set();
  const pattern = (role) => {
    if (!made.has(role)) {
      made.add(role);
      const node = add(definitions, "pattern", {
        id: `stripes-${role}`, width: stripe, height: stripe, patternUnits: "userSpaceOnUse",
      });
      const fill = colourOf(theme, role);
      add(node, "rect", { width: stripe, height: stripe, fill, "fill-opacity": 0.28 });
      add(node, "path", {
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
      const node = add(definitions, "linearGradient", { id });
      theme.stops[signed ? 1 : 0].forEach((colour, i, all) =>
        add(node, "stop", { offset: `${(100 * i) / (all.length - 1)}%`, "stop-color": colour }));
    }
    return `url(#${id})`;
  };
  add(root, "rect", { ...page, fill: theme.background });
  for (const shape of layout.shapes) {
    const { x, y, width, height } = shape;
    if (shape.kind === "text") {
      const anchor = { left: "start", center: "middle", right: "end" }[shape.align];
      const halo = shape.halo
        ? { stroke: theme.ground, "stroke-width": HALO, "stroke-linejoin": "round", "paint-order": "stroke" } : {};
      const node = add(root, "text", {
        x, y, "font-size": shape.size, "font-weight": String(shape.weight), "text-anchor": anchor, direction: "ltr",
        fill: inkOf(theme, shape), ...halo,
      }, shape.text);
      if (shape.full) add(node, "title", {}, shape.full);
    } else if (shape.kind === "ramp") {
      add(root, "rect", { x, y, width, height, fill: gradient(shape.signed), stroke: theme.frame });
    } else if (shape.kind === "line") {
      add(root, "line", { ...sharp(shape), stroke: colourOf(theme, shape.colour), "stroke-width": shape.width });
    } else {
      const outline = shape.outline ?? (shape.stripes ? shape.fill : null);
      const thick = outline && width > 2 ? (shape.outline ? 2 : 1) : 0;
      const filled = shape.stripes ? pattern(shape.fill) : colourOf(theme, shape.fill);
      const stroke = thick ? { stroke: colourOf(theme, outline), "stroke-width": thick } : {};
      const fill = shape.fill === "none" ? "none" : filled;
      add(root, "rect", {
        x: x + thick / 2, y: y + thick / 2, width: width - thick, height: height - thick, fill, ...stroke,
      });
    }
  }
  return new XMLSerializer().serializeToString(root);
}
