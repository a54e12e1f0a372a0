import type { Endpoint } from '../../domain/endpoint';
import { onHost } from '../../routers/on-host/fragments';

test('what is written of an environment is what routers of the previous version read', () => {
  const at = (port: number): Endpoint => ({ on: 'docker', address: '10.210.0.16', port });
  const scope = { app: 'shop', environment: 'production' };
  const web = { service: 'web', routes: [{ port: 80 }], slots: { blue: [at(1), at(2)], green: [] } };
  const place = (port: number) => ({ address: '10.210.0.16', port });
  expect(onHost({ scope, affinity: true, services: [web, { ...web, baseline: [at(3)] }] })).toEqual({
    scope,
    affinity: true,
    services: [
      { ...web, slots: { blue: [place(1), place(2)], green: [] } },
      { ...web, slots: { blue: [place(1), place(2)], green: [] }, baseline: [place(3)] },
    ],
  });
});
