import { appConfigSchema, type AppConfig } from '../../domain/config';
import { databasesOf, titleOfDatabase } from '../../domain/databases';

const RIGHT = { version: 1, app: 'shop', services: { web: { image: 'web:{version}', port: 80 } } };
const config = (given: object): AppConfig => appConfigSchema.parse({ ...RIGHT, ...given });

describe('the databases of a configuration', () => {
  test('are none where it has none', () => expect(databasesOf(config({}))).toEqual([]));

  test('are one named main where it has the short form, as every older history has', () => {
    const [only, ...others] = databasesOf(config({ database: { driver: 'postgres', url: { env: 'DB' } } }));
    expect({ ...only, others }).toMatchObject({ name: 'main', settings: { url: { env: 'DB' } }, others: [] });
    expect(titleOfDatabase('main')).toBe('database');
  });

  test('have their names, and are of PostgreSQL unless they say otherwise', () => {
    const [orders] = databasesOf(config({ databases: { orders: { url: { env: 'DB' } } } }));
    expect(orders).toMatchObject({ name: 'orders', settings: { driver: 'postgres', onRollback: 'revert' } });
    expect(titleOfDatabase('orders')).toBe('database orders');
  });
});
