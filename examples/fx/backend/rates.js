/** Exchange rates, newest first. */
async function rates(pool) {
  const { rows } = await pool.query('SELECT pair, bid::float AS bid, ask::float AS ask FROM rates ORDER BY pair');
  return rows;
}

module.exports = { rates };
