/** Bytes that came from outside, written so that a person can read them and nothing in them acts on the screen or the terminal. */

const bytesInLine = 16;
const firstPicture = 0x2400;
const deletePicture = '\u2421';
/** What moves a cursor, colours a terminal or turns the direction of writing; line feed and tab are left. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are looked for.
const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Write control characters as their pictures, such as ␀ and ␛; what has none becomes the sign of a letter that cannot be read. */
export function visibleText(text: string): string {
  return text.replace(acting, (sign) => {
    const code = sign.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(firstPicture + code);
    return code === 0x7f ? deletePicture : '\ufffd';
  });
}

/**
 * Write bytes as hexadecimal, 16 in a line: the place in the file, the bytes, and beside them the letters of ASCII.
 * @param from the place of the first byte.
 */
export function hexDump(bytes: Uint8Array, from: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesInLine) {
    const line = [...bytes.subarray(at, at + bytesInLine)];
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0'));
    const halves = `${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}`;
    const letters = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${(from + at).toString(16).padStart(8, '0')}  ${halves}  ${letters}`);
  }
  return lines.join('\n');
}
