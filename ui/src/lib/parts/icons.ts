/** What is drawn, on 16 × 16. */
export const PATHS = {
  start: 'M5 3.5v9l7.5-4.5z',
  stop: 'M4 4h8v8H4z',
  restart: 'M12.5 8a4.5 4.5 0 1 1-1.4-3.25M12.5 2.5v2.75H9.75',
  copy: 'M6 6h7v7.5H6zM3.5 10.5v-8h6.5',
  check: 'M3 8.5l3.25 3.25L13 4.75',
  globe: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM2 8h12M8 2c-4 4-4 8 0 12M8 2c4 4 4 8 0 12',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8m0-8l-8 8',
  plug: 'M6 2v3.5M10 2v3.5M4 5.5h8V8a4 4 0 0 1-8 0zM8 12v2.5',
  list: 'M3 4.5h10M3 8h10M3 11.5h10',
  graph: 'M2.5 3h4v3.5h-4zM2.5 9.5h4V13h-4zM9.5 6.25h4v3.5h-4zM6.5 4.75L9.5 7.5M6.5 11.25L9.5 8.5',
  settings:
    'M2.5 5h6.25M12.25 5h1.25M2.5 11h1.25M7.25 11h6.25M10.5 3.25a1.75 1.75 0 1 0 0 3.5 1.75 1.75 0 0 0 0-3.5zM5.5 9.25a1.75 1.75 0 1 0 0 3.5 1.75 1.75 0 0 0 0-3.5z',
  unfold: 'M4.5 6.5l3.5 3.5 3.5-3.5',
  exclude: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM4.25 4.25l7.5 7.5',
  eye: 'M1.5 8s2.5-4.25 6.5-4.25S14.5 8 14.5 8 12 12.25 8 12.25 1.5 8 1.5 8zM8 6.25a1.75 1.75 0 1 0 0 3.5 1.75 1.75 0 0 0 0-3.5z',
  wrench:
    'M13.25 4.75a3.5 3.5 0 0 1-4.6 4.1l-4 4a1.35 1.35 0 0 1-1.9-1.9l4-4a3.5 3.5 0 0 1 4.5-4.5L9.25 4.5v2h2z',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  down: 'M8 3v9.5M4 8.75l4 4 4-4',
};

export type IconName = keyof typeof PATHS;
export const FILLED: IconName[] = ['start', 'stop'];
