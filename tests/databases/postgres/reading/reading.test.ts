import { scriptOf } from '../../../../databases/migrations/files';
import { examine } from '../../../../databases/postgres/reading/reading';
import { io } from '../../database-context';

const examined = (sql: string, signal = io().signal) => examine(scriptOf('001_x.up.sql', sql), signal);
const ROWS = 'INSERT INTO seed (id, name) VALUES (1, $$some text$$);\n'.repeat(20_001);

describe('reading a script', () => {
  test('leaves the process free for all else meanwhile [proves H]', async () => {
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    expect((await examined(ROWS)).places).toHaveLength(3 * 20_001);
    clearInterval(turning);
    expect(turns).toBeGreaterThan(10);
  });

  test('ends at once with its step, and the next one goes on [proves H]', async () => {
    const controller = new AbortController();
    const reading = examined(ROWS, controller.signal);
    setImmediate(() => controller.abort(new Error('stopped')));
    await expect(reading).rejects.toThrow('stopped');
    expect((await examined('SELECT 1;')).places).toHaveLength(3);
  });

  test('goes on by first words where the parser crashes [proves H]', async () => {
    const nested = `SELECT 1${'+1'.repeat(100_000)};\nVACUUM t;\nINSERT INTO t VALUES (1);`;
    const { places, mistakes, byWords } = await examined(nested);
    expect(places).toHaveLength(9);
    expect(mistakes).toEqual([{ line: 2, why: expect.stringContaining('cannot run in a transaction') }]);
    expect(byWords).toBe(3);
  });

  test('reads one after the other, whatever the number of those who ask', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, (_, each) => examined('SELECT 1;\n'.repeat(each))));
    expect(all.map(({ places }) => places.length / 3)).toEqual(Array.from({ length: 30 }, (_, each) => each));
  });
});
