import Anser from 'anser';

/** A piece of a log line with one look. The classes are those of `ansi.css`. */
export interface Piece {
  text: string;
  classes: string;
  /** A CSS colour, where no class can name it: the 256 colours beyond the first 16, and true colours. */
  color?: string;
  background?: string;
}

// What a terminal obeys and a log pane can't: titles and links (OSC), character sets, lone escapes. Anser takes
// the CSI sequences itself.
const OTHER_ESCAPES = /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b(?!\[)[@-_=>78]?/g;
// A CSI sequence that something else breaks off, or the end of the line.
const BROKEN_ESCAPES = /\x1b\[[0-?]*[ -/]*(?![ -~])/g;
const ALL_ESCAPES = /\x1b\[[0-?]*[ -/]*[@-~]/g;
const CONTROLS = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;

/** The line in pieces, each with the colours that its ANSI sequences ask for. */
export function pieces(line: string): Piece[] {
  const text = shown(line);
  if (!text.includes('\x1b')) return [{ text, classes: '' }];
  return Anser.ansiToJson(text, { json: true, use_classes: true, remove_empty: true }).map((entry) => {
    const color = paletteColor(entry.fg, entry.fg_truecolor);
    const background = paletteColor(entry.bg, entry.bg_truecolor);
    const classes = [
      color ? 'ansi-own-fg' : entry.fg && `${entry.fg}-fg`,
      background ? 'ansi-own-bg' : entry.bg && `${entry.bg}-bg`,
      ...entry.decorations.map((decoration) => `ansi-${decoration}`),
    ];
    return {
      text: entry.content,
      classes: classes.filter(Boolean).join(' '),
      ...(color && { color }),
      ...(background && { background }),
    };
  });
}

/** The line as it reads, without any sequence. */
export function plainText(line: string): string {
  return shown(line).replace(ALL_ESCAPES, '');
}

/** A carriage return overwrites the line, as progress bars do: what follows the last one is what is seen. */
function shown(line: string): string {
  const text = line.replace(OTHER_ESCAPES, '').replace(BROKEN_ESCAPES, '').replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1).replace(CONTROLS, '');
}

function paletteColor(name: string | null, trueColor: string | null): string | undefined {
  if (name === 'ansi-truecolor' && trueColor) return `rgb(${trueColor})`;
  const index = Number(name?.match(/^ansi-palette-(\d+)$/)?.[1] ?? Number.NaN);
  if (Number.isNaN(index)) return undefined;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  // The xterm cube: 6 steps per channel, the first at 0, the others from 95 on, 40 apart.
  const channel = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return `rgb(${channel(Math.floor(cube / 36))}, ${channel(Math.floor(cube / 6) % 6)}, ${channel(cube % 6)})`;
}
