const ANSWERS_A_SECOND = 2;
let second = 0;
let answered = 0;

/**
 * Exchange rates, bought from a provider that answers two questions a second. One tester never noticed; under load most
 * visitors get an error. Health checks do not ask the provider, and stay green.
 */
async function rates(pool) {
  const now = Math.floor(Date.now() / 1_000);
  if (now !== second) [second, answered] = [now, 0];
  if (++answered > ANSWERS_A_SECOND) throw new Error('the provider of rates refused: too many requests');
  const { rows } = await pool.query(
    'SELECT pair, bid::float AS bid, ask::float AS ask, spread::float AS spread FROM rates',
  );
  return rows;
}

module.exports = { rates };
