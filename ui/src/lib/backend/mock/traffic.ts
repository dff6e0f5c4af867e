/**
 * The requests that the in-memory engine's proxy answered, read by cursor as the real ones: each has a number that grows
 * over all projects, and a read with nothing to return waits for the next request or for its time to run out.
 */
import type {
  MeasureTraffic,
  NodeState,
  ProjectState,
  ReadRequests,
  RequestPage,
  RequestRecord,
  ServiceTraffic,
} from '../../rpc/rpc';
import { isHealthy } from '../../state/status';

const KEPT = 1_000;

/** A request that a service of the in-memory engine answers, or not; `n` is merely which. */
export function requestTo(
  node: NodeState,
  project: string,
  n: number,
  at: number,
): Omit<RequestRecord, 'number'> {
  const [method, path, sent] = CALLS[(n * 7) % CALLS.length]!;
  const place = (n % 9 === 4 ? node.published?.[0] : undefined) ?? node.routes?.[0];
  const asked = {
    at,
    project,
    service: node.name,
    public: place !== undefined && place === node.published?.[0],
    method,
    host: place?.host ?? 'localhost',
    path,
    received: method === 'POST' || method === 'PUT' ? 90 + ((n * 131) % 4_000) : 0,
  };
  const duration_us = 400 + ((n * 7_919) % 48_000) * (n % 17 === 3 ? 40 : 1);
  if (node.maintenance) return { ...asked, status: 503, sent: 2_318, duration_us: 210 + (n % 90) };
  if (node.phase === 'failed')
    return { ...asked, status: 502, sent: 4_402, duration_us: 900, trouble: 'refused' };
  if (!isHealthy(node))
    return { ...asked, status: 503, sent: 5_120, duration_us: 300 + (n % 700), trouble: 'not_serving' };
  if (n % 53 === 11) return { ...asked, status: 200, sent: 70_211, duration_us, trouble: 'reset' };
  if (n % 71 === 20)
    return { ...asked, status: 504, sent: 3_310, duration_us: 60_012_000, trouble: 'timed_out' };
  const status = n % 23 === 5 ? 404 : n % 61 === 8 ? 500 : STATUS[method]!;
  return { ...asked, status, sent: status === 204 || status === 304 ? 0 : sent, duration_us };
}

export class MockTraffic {
  #requests: RequestRecord[] = [];
  #newest = 0;
  #waiting = new Set<() => void>();

  append(request: Omit<RequestRecord, 'number'>): void {
    this.#newest += 1;
    this.#requests = [...this.#requests, { ...request, number: this.#newest }].slice(-KEPT);
    for (const wake of [...this.#waiting]) wake();
  }

  /** As a new engine has it: nothing yet, and numbers from 1. */
  forget(): void {
    [this.#requests, this.#newest] = [[], 0];
  }

  async read(params: ReadRequests): Promise<RequestPage> {
    const until = Date.now() + params.wait_ms;
    for (;;) {
      const page = this.#page(params);
      if (page.requests.length > 0 || Date.now() >= until) return page;
      await this.#nextRequest(until - Date.now());
    }
  }

  figures({ slug, nodes }: ProjectState, { services }: MeasureTraffic): ServiceTraffic[] {
    const wanted = nodes.filter(({ name, url }) => url && (services.length === 0 || services.includes(name)));
    return wanted.map(({ name: service }) => {
      const own = this.#requests.filter((it) => it.project === slug && it.service === service);
      const times = own.map((it) => it.duration_us).sort((one, other) => one - other);
      const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
      return {
        service,
        requests: own.length,
        errors: own.filter(({ status, trouble }) => status >= 500 || trouble === 'reset').length,
        received: own.reduce((sum, it) => sum + it.received, 0),
        sent: own.reduce((sum, it) => sum + it.sent, 0),
        ...(own.length > 0 && { latency: { median_us: at(0.5), p95_us: at(0.95), p99_us: at(0.99) } }),
      };
    });
  }

  #page({ project, services = [], failed = false, after, limit }: ReadRequests): RequestPage {
    // A cursor from before the engine was started anew is none of this one's.
    const begin = after > this.#newest ? 0 : after;
    const wanted = (it: RequestRecord) =>
      it.number > begin &&
      (project === undefined || it.project === project) &&
      (services.length === 0 || services.includes(it.service ?? '')) &&
      (!failed || it.status >= 400 || it.trouble === 'reset');
    return { requests: this.#requests.filter(wanted).slice(-limit), cursor: this.#newest };
  }

  #nextRequest(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#waiting.add(wake);
    });
  }
}

const STATUS: Record<string, number> = { GET: 200, POST: 201, PUT: 200, DELETE: 204, OPTIONS: 204 };

const CALLS: [method: string, path: string, sent: number][] = [
  ['GET', '/', 18_432],
  ['GET', '/assets/index-4f2c81d9.js', 312_004],
  ['GET', '/products', 9_210],
  ['GET', '/products/482', 2_044],
  ['POST', '/cart/31/items', 512],
  ['GET', '/images/hero@2x.avif', 1_482_113],
  ['PUT', '/orders/2026-11/19331/lines/4', 88],
  ['OPTIONS', '/graphql', 0],
  ['POST', '/graphql', 24_102],
  ['DELETE', '/sessions/7b41c0', 0],
  [
    'GET',
    '/catalog/household/kitchen-and-dining/cookware/stainless-steel/saucepans-and-stockpots/with-lids/24-cm/reviews/by-date/descending/page/12/of/48/in/english-and-german/without-pictures/only-with-answers-of-the-manufacturer',
    6_004,
  ],
  ['GET', '/health', 2],
];
