// From the page and the payload's style to colours.

const cssOf = (colour) => `rgb(${colour.join(",")})`;

function parseHex(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** The colours of a ramp of equally spaced stops, one a level, each [red, green, blue]. */
function colourTable(ramp, levels) {
  const stops = ramp.map(parseHex);
  return Array.from({ length: levels }, (_, level) => {
    const place = (level / (levels - 1)) * (stops.length - 1);
    const index = Math.min(Math.floor(place), stops.length - 2);
    return stops[index].map((from, c) => Math.round(from + (stops[index + 1][c] - from) * (place - index)));
  });
}

/** Source: WCAG 2.2, relative luminance of [red, green, blue]. */
function luminance(colour) {
  const [red, green, blue] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Opaque pixels as this machine orders their bytes, one a colour. */
function opaquePixels(colours) {
  return new Uint32Array(new Uint8Array(colours.flatMap((colour) => [...colour, 255])).buffer);
}

/** The first `count` bits of bytes, most significant first, one a byte. */
function unpackBits(bytes, count) {
  const found = new Uint8Array(count);
  for (let i = 0; i < count; i += 1) found[i] = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
  return found;
}

/** Any CSS colour as [red, green, blue], by way of one canvas pixel. */
function readColour(context, css) {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3));
}

/**
 * The page's colours and font: {background, text, muted, frame, font} as CSS, `colours` of the style for a page
 * as light or dark as this one, and for further colours `rgb` {background, text} and `mix(share of the text)`.
 */
function pageTheme(root, context, style) {
  const background = readColour(context, pageValue(root, "--st-background-color", "#ffffff"));
  const text = readColour(context, pageValue(root, "--st-text-color", "#31333f"));
  const mix = (share) => cssOf(text.map((t, c) => Math.round(t * share + background[c] * (1 - share))));
  const light = 0.2126 * background[0] + 0.7152 * background[1] + 0.0722 * background[2];
  const font = pageValue(root, "--st-font", "");
  return {
    background: cssOf(background),
    text: mix(1),
    muted: mix(style.muted_share),
    frame: mix(0.38),
    font: font ? `${font}, ${style.font_stack}` : style.font_stack,
    colours: light < 128 ? style.dark : style.light,
    rgb: { background, text },
    mix,
  };
}

/** A variable of the page's theme. */
function pageValue(root, name, fallback) {
  const found = getComputedStyle(root).getPropertyValue(name).trim();
  return found && found !== "unset" ? found : fallback;
}
