/** What the services of the in-memory engine print: plausible, coloured, and the same on every run. */
import type { LogLine } from '../../rpc/rpc';

const GREEN = '\x1b[32m';
const YELLOW = '\x1b[33m';
const RED = '\x1b[1;31m';
const GREY = '\x1b[90m';
const BLUE = '\x1b[38;5;75m';
const END = '\x1b[0m';

const TEXTS = [
  (n: number) => `${GREEN}GET${END} /products/${n % 97} ${GREEN}200${END} ${GREY}${(n * 7) % 40} ms${END}`,
  (n: number) => `${GREEN}GET${END} /health ${GREEN}204${END} ${GREY}${n % 4} ms${END}`,
  (n: number) => `${BLUE}job${END} resize-image ${GREY}id=${(n * 7919) % 100_000}${END} done`,
  (n: number) =>
    `${YELLOW}WARN${END} slow query: 1${n % 90} ms ${GREY}select * from orders where customer_id = $1${END}`,
  (n: number) => `checkpoint complete: wrote ${(n * 13) % 400} buffers, ${n % 3} files added`,
  (n: number) => `${GREEN}POST${END} /cart/${n % 31} ${GREEN}201${END} ${GREY}${(n * 3) % 60} ms${END}`,
  (n: number) => `${RED}ERROR${END} upstream closed the connection, try ${1 + (n % 3)} of 3`,
];

/** Line `n` of a service. */
export function chatterLine(service: string, n: number, time: number): Omit<LogLine, 'run'> {
  // Errors and warnings are rarer than requests; 11 and 29 are merely odd enough to look random.
  const index = n % 29 === 28 ? 6 : n % 11 === 10 ? 3 : [0, 1, 2, 4, 5][(n * 3 + service.length) % 5]!;
  return { service, stream: index === 6 ? 'stderr' : 'stdout', time, text: TEXTS[index]!(n) };
}
