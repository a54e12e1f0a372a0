import { drawPicture, type Panel, type Picture } from '../../../domain/judging/picture';

const picture = (panels: Panel[], rest: Partial<Picture> = {}): string =>
  drawPicture({
    title: 'shop 1.1.0 → production: canary at 10 %',
    judgement: { verdict: 'fail', reason: 'errors web: <too many> & more' },
    decidedAt: 60_000,
    canary: '1.1.0, new, in green',
    live: '1.0.0, live, in blue',
    panels,
    ...rest,
  });
const panel: Panel = {
  name: 'errors web',
  unit: '%',
  points: [
    [0, 1, 1],
    [30_000, null, 1],
    [60_000, 9, 1],
  ],
  verdict: { label: 'high', reason: '40 of 200 requests failed' },
};
const paths = (svg: string, kind: string): string[] =>
  [...svg.matchAll(new RegExp(`class="${kind}" d="([^"]*)"`, 'g'))].map((match) => match[1]!);

describe('a picture of a soak', () => {
  it('has a panel per metric with both slots, its verdict, and the moment of decision', () => {
    const svg = picture([panel, { ...panel, name: 'latency web', unit: 'ms' }]);
    expect(svg).toContain('>errors web<');
    expect(svg).toContain('>latency web<');
    expect(svg).toContain('40 of 200 requests failed');
    expect(svg.match(/fail after 1 min</g)).toHaveLength(2);
    expect(paths(svg, 'decision')).toHaveLength(2);
    // One key above, and a line in each panel.
    expect(paths(svg, 'new')).toHaveLength(3);
    expect(paths(svg, 'old')).toHaveLength(3);
  });

  it('breaks a line off where nothing was measured', () => {
    const [, line] = paths(picture([panel]), 'new');
    expect(line!.match(/M/g)).toHaveLength(2);
  });

  it('escapes what metrics and reasons hold, and cuts it to a line', () => {
    const svg = picture([{ ...panel, name: '"</text><script>alert(1)</script>\u0000' }], { title: 'x'.repeat(500) });
    expect(svg).not.toContain('<script>');
    expect(svg).not.toContain('\u0000');
    expect(svg).toContain('&lt;too many&gt; &amp; more');
    expect(svg.split('\n').find((line) => line.includes('class="title"'))!.length).toBeLessThan(200);
  });

  it('is drawn whatever was measured', () => {
    for (const points of [
      [],
      [[0, null, null]],
      [[5, 0, 0]],
      [[5, -3, 1e12]],
      [[90_000, 1, null]],
    ] as Panel['points'][])
      expect(picture([{ ...panel, points }], { decidedAt: 0 })).not.toMatch(/NaN|Infinity|undefined/);
    expect(picture([])).toContain('nothing was measured');
  });

  it('has colours for light and dark', () => {
    expect(picture([panel])).toContain('prefers-color-scheme: dark');
  });
});
