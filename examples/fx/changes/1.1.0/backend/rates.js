/** Exchange rates with their spread, widest first. */
async function rates(pool) {
  const { rows } = await pool.query(
    'SELECT pair, bid::float AS bid, ask::float AS ask, spread::float AS spread FROM rates ORDER BY spread DESC',
  );
  return rows;
}

module.exports = { rates };
