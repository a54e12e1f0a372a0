import { type Case, top } from './configuration-right';

const analysis = (text: string) => top(`canary: {analysis: {${text}}}`);

/** Parts of one where per cent are meant, or where times are. */
export const PERCENT_CASES: Case[] = [
  [
    'scores that are parts of one [proves W]',
    analysis('thresholds: {pass: 0.95, marginal: 0.75}'),
    [
      'spillway.yaml:9 canary.analysis.thresholds.pass: expected per cent, seen the number 0.95: write 95, or "0.95%" if you mean so little',
      'spillway.yaml:9 canary.analysis.thresholds.marginal: expected per cent, seen the number 0.75: write 75, or "0.75%" if you mean so little',
    ],
  ],
  [
    'an error rate that is a part of one [proves W]',
    top('canary: {limits: {errorRate: 0.05}}\nbake: {limits: {errorRate: 0.5}}'),
    [
      'spillway.yaml:9 canary.limits.errorRate: expected per cent, seen the number 0.05: write 5, or "0.05%" if you mean so little',
      'spillway.yaml:10 bake.limits.errorRate: expected per cent, seen the number 0.5: write 50, or "0.5%" if you mean so little',
    ],
  ],
  [
    'a trigger by a part of one [proves W]',
    top('canary: {triggers: [{errorRate: 0.02, for: 5m}]}'),
    [
      'spillway.yaml:9 canary.triggers[0].errorRate: expected per cent, seen the number 0.02: write 2, or "0.02%" if you mean so little',
    ],
  ],
  [
    'false alarms that are a part of one [proves W]',
    analysis('falseAlarms: 0.01'),
    [
      'spillway.yaml:9 canary.analysis.falseAlarms: expected per cent, seen the number 0.01: write 1, or "0.01%" if you mean so little',
    ],
  ],
  [
    'a share of the traffic that is a part of one [proves W]',
    top('canary: {steps: [{weight: 0.1}, {weight: 50%}, {weight: 60.5%}]}'),
    [
      'spillway.yaml:9 canary.steps[0].weight: expected a whole per cent from 1 to 100, seen the number 0.1: write 10',
      'spillway.yaml:9 canary.steps[2].weight: expected a whole per cent from 1 to 100, seen "60.5%"',
    ],
  ],
  [
    'weights of groups that are parts of one [proves W]',
    analysis(
      'groups: {a: 0.6, b: 0.4}, metrics: [{name: m, group: a, containers: {measure: cpu}}, {name: n, group: b, containers: {measure: memory}}]',
    ),
    [
      'spillway.yaml:9 canary.analysis.groups.a: expected per cent, seen the number 0.6: write 60, or "0.6%" if you mean so little',
      'spillway.yaml:9 canary.analysis.groups.b: expected per cent, seen the number 0.4: write 40, or "0.4%" if you mean so little',
    ],
  ],
  [
    'a difference that is a part of one where times are meant [proves W]',
    analysis(
      'allowed: {errors: 0.1, latency: 0.1}, metrics: [{name: m, containers: {measure: memory}, effect: {allowedIncrease: 0.2}}]',
    ),
    [
      'spillway.yaml:9 canary.analysis.allowed.errors: expected how many times that of the live version, from 1 to 100, such as 1.1 for 10 % more, seen the number 0.1',
      'spillway.yaml:9 canary.analysis.allowed.latency: expected how many times that of the live version, from 1 to 100, such as 1.1 for 10 % more, seen the number 0.1',
      'spillway.yaml:9 canary.analysis.metrics[0].effect.allowedIncrease: expected how many times, at least 1, such as 1.1 for 10 % more, seen 0.2',
    ],
  ],
  [
    'an error rate in words',
    top('canary: {limits: {errorRate: five}}'),
    ['spillway.yaml:9 canary.limits.errorRate: expected per cent from 0 to 100, such as 5 or "0.5%", seen "five"'],
  ],
];
