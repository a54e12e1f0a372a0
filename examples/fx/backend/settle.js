/*
 * Settles orders. Two of these at once would settle one order twice, so it runs in the live slot only.
 */
const { Pool } = require('pg');
const { version } = require('./package.json');

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1, connectionTimeoutMillis: 1_500 });
pool.on('error', (error) => console.error(`database: ${error.message}`));
let ending = false;

async function settle() {
  try {
    await pool.query(
      'UPDATE orders SET settled_at = now(), settled_by = $1 WHERE id IN (SELECT id FROM orders WHERE settled_at IS NULL ORDER BY id LIMIT 100)',
      [version],
    );
  } catch (error) {
    console.error(`not settled: ${error.message}`);
  }
  if (!ending) setTimeout(() => void settle(), 500);
  else await pool.end();
}

// What was begun is finished; then nothing keeps the process.
process.once('SIGTERM', () => (ending = true));
console.log(`fx settlement ${version} works`);
void settle();
