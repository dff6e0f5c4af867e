/** Which of many rows of one height have an element. */

/** Beyond both edges of what is seen, so that a wheel's turn meets rows and not a gap. */
const BEYOND = 12;

export interface Seen {
  from: number;
  to: number;
}

/** `top` is where the view begins, which may lie beyond the end for as long as the browser does not know that. */
export function seen(count: number, rowHeight: number, top: number, height: number): Seen {
  const begin = Math.max(0, Math.min(top, count * rowHeight - height));
  return {
    from: Math.max(0, Math.floor(begin / rowHeight) - BEYOND),
    to: Math.min(count, Math.ceil((begin + height) / rowHeight) + BEYOND),
  };
}
