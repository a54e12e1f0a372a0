import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { AnalysisMetric } from '../../../domain/config';
import type { Reading } from '../../../metrics/metric';
import { remembered, startPrometheus, type PrometheusServer } from '../../support/prometheus';
import { GREEN, io, OF, opened } from '../opened';

/* The queries of docs/metrics.md, asked of series as cAdvisor and kube-state-metrics have them. */

const PAGE = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');
const MINUTE = 60_000;
const MB = 1e6;
const BEGAN = Math.floor((Date.now() - 3 * 3_600_000) / MINUTE) * MINUTE;
/** Ten minutes with a scrape each 15 s. */
const SCRAPES = 41;
const WINDOW = { from: BEGAN, to: BEGAN + 10 * MINUTE };

type Values = (scrape: number) => number | null;

function series(name: string, labels: Record<string, string>, value: Values): string[] {
  const text = Object.entries(labels).map(([key, one]) => `${key}="${one}"`);
  return remembered(
    `${name}{${text.join(',')}}`,
    BEGAN,
    15,
    Array.from({ length: SCRAPES }, (_, i) => value(i)),
  );
}

interface Pod {
  namespace?: string;
  pod: string;
  /** Bytes in use and cores in use of its containers. */
  containers: Record<string, { memory: number; cores: number }>;
  /** Scrape at which its first container began anew. */
  restarted?: number;
}

/** What a kubelet says of a pod: each container, the pause container, and the cgroup of the pod, which is their sum. */
function cadvisor({ namespace = 'shop', pod, containers, restarted = Infinity }: Pod): string[] {
  const cgroup = `/kubepods/burstable/pod${pod}`;
  const all = Object.values(containers);
  const used = (key: 'memory' | 'cores') => all.reduce((sum, one) => sum + one[key], 0);
  const both = (labels: Record<string, string>, memory: number, cores: number, during: (scrape: number) => boolean) => {
    const said = { ...labels, namespace, pod };
    const began = Array.from({ length: SCRAPES }, (_, i) => i).findIndex(during);
    return [
      ...series('container_memory_working_set_bytes', said, (i) => (during(i) ? memory : null)),
      ...series('container_cpu_usage_seconds_total', { ...said, cpu: 'total' }, (i) =>
        during(i) ? cores * 15 * (i - began) : null,
      ),
    ];
  };
  const always = () => true;
  return [
    ...both({ container: '', id: cgroup, image: '', name: '' }, used('memory'), used('cores'), always),
    ...both({ container: 'POD', id: `${cgroup}/pause`, image: 'pause:3.9', name: 'k8s_POD' }, MB, 0, always),
    ...Object.entries(containers).flatMap(([container, { memory, cores }], index) => {
      const of = (run: string) => ({
        container,
        id: `${cgroup}/${container}${run}`,
        image: 'shop/web',
        name: `k8s_${run}`,
      });
      if (index > 0 || restarted === Infinity) return both(of('a'), memory, cores, always);
      // cAdvisor's own timestamps keep the series of the container that ended visible beside the one that follows.
      return [
        ...both(of('a'), memory, cores, (i) => i <= restarted),
        ...both(of('b'), memory, cores, (i) => i >= restarted),
      ];
    }),
  ];
}

const PODS: Pod[] = [
  {
    pod: 'shop-web-blue-6d5f7c9b8-x2x4k',
    containers: { web: { memory: 180 * MB, cores: 0.3 }, proxy: { memory: 20 * MB, cores: 0.1 } },
  },
  {
    pod: 'shop-web-blue-6d5f7c9b8-q9w7z',
    containers: { web: { memory: 280 * MB, cores: 0.5 }, proxy: { memory: 20 * MB, cores: 0.1 } },
    // Two scrapes before the end: both of its series are seen.
    restarted: SCRAPES - 3,
  },
  {
    pod: 'shop-web-green-58cf6d-m4n5p',
    containers: { web: { memory: 500 * MB, cores: 1 }, proxy: { memory: 20 * MB, cores: 0.1 } },
  },
  // What must not be counted in: another service, another environment.
  { pod: 'shop-job-blue-77c9-abcde', containers: { job: { memory: 900 * MB, cores: 2 } } },
  {
    namespace: 'shop-staging',
    pod: 'shop-web-blue-6d5f7c9b8-t6t6t',
    containers: { web: { memory: 900 * MB, cores: 2 } },
  },
];

/** Labels of pods; kube-state-metrics itself runs twice, so each is said twice. */
function labels({ namespace = 'shop', pod }: Pod): string[] {
  const slot = pod.includes('-job-') ? 'none' : pod.includes('blue') ? 'blue' : 'green';
  return ['ksm-0', 'ksm-1'].flatMap((instance) =>
    series('kube_pod_labels', { instance, namespace, pod, label_slot: slot, uid: pod }, () => 1),
  );
}

let server: PrometheusServer;
beforeAll(async () => {
  server = await startPrometheus({ past: [...PODS.flatMap(cadvisor), ...PODS.flatMap(labels)] });
});
afterAll(() => server.close());

/** What the metric of this name in a block of the page reads of both slots. */
async function read(block: string, name: string): Promise<{ blue: Reading; green: Reading }> {
  const text = new RegExp(`^\`\`\`yaml ${block}\\n(.*?)^\`\`\`$`, 'ms').exec(PAGE)?.[1];
  const page = parse(text ?? '') as { canary: { analysis: { metrics: AnalysisMetric[] } } };
  const metric = page.canary.analysis.metrics.find((one) => one.name === name)!;
  const source = await opened({ ...metric, prometheus: { ...metric.prometheus, url: server.url } });
  const [blue, green] = await Promise.all([OF, GREEN].map((of) => source.read(of, WINDOW, io)));
  return { blue: blue!, green: green! };
}

describe('what pods of a slot use', () => {
  test('is one number a slot, without pause container, sums of pods, and what a restart left', async () => {
    expect(await read('kubernetes', 'memory of a pod')).toMatchObject({
      blue: { value: 250 * MB },
      green: { value: 520 * MB },
    });
  });

  test('is CPU in cores, through a restart', async () => {
    const { blue, green } = await read('kubernetes', 'CPU of a pod');
    expect(green).toMatchObject({ value: expect.closeTo(1.1, 3) as number });
    // Nobody knows what was used in the moment between the two containers.
    expect(blue).toMatchObject({ value: expect.closeTo(0.5, 1) as number });
  });

  test('is found by a label of the pods as well', async () => {
    expect(await read('kubernetes-label', 'memory of a pod')).toMatchObject({
      blue: { value: 250 * MB },
      green: { value: 520 * MB },
    });
  });
});
