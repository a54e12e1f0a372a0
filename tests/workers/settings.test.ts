import { ConfigurationFailure } from '../../domain/failures';
import { workerSettings } from '../../workers/settings';

describe('the settings of a worker', () => {
  it('need nothing', () => {
    expect(workerSettings({ HOME: '/root', XDG_STATE_HOME: '/state' })).toEqual({
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
      taskQueue: 'spillway',
      healthPort: undefined,
      logLevel: 'info',
      shutdownGraceMs: 10_000,
      stateDirectory: '/state/spillway',
    });
  });

  it('are read from the environment, where an empty variable counts as absent', () => {
    const settings = workerSettings({
      TEMPORAL_NAMESPACE: 'releases',
      SPILLWAY_TASK_QUEUE: '',
      SPILLWAY_HEALTH_PORT: '9090',
      SPILLWAY_LOG_LEVEL: 'debug',
      SPILLWAY_SHUTDOWN_GRACE: '1m',
      SPILLWAY_WORKER_STATE: '/var/lib/worker',
    });
    expect(settings).toMatchObject({
      taskQueue: 'spillway',
      healthPort: 9090,
      logLevel: 'debug',
      shutdownGraceMs: 60_000,
    });
    expect(settings.temporal.namespace).toBe('releases');
    expect(settings.stateDirectory).toBe('/var/lib/worker');
  });

  it('name all mistakes in one error', () => {
    const wrong = () =>
      workerSettings({
        SPILLWAY_HEALTH_PORT: '99999',
        SPILLWAY_LOG_LEVEL: 'loud',
        SPILLWAY_SHUTDOWN_GRACE: 'soon',
        TEMPORAL_ADDRESS: 'a b',
      });
    expect(wrong).toThrow(ConfigurationFailure);
    for (const name of ['SPILLWAY_HEALTH_PORT', 'SPILLWAY_LOG_LEVEL', 'SPILLWAY_SHUTDOWN_GRACE', 'TEMPORAL_ADDRESS']) {
      expect(wrong).toThrow(name);
    }
  });
});
