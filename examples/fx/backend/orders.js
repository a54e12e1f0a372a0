const PAIR = /^[A-Z]{3}\/[A-Z]{3}$/;

/** What is wrong with an order, or undefined. */
function problem({ pair, side, amount }) {
  if (typeof pair !== 'string' || !PAIR.test(pair)) return 'pair: expected three letters, a slash, three letters';
  if (side !== 'buy' && side !== 'sell') return 'side: expected buy or sell';
  if (!(amount > 0)) return 'amount: expected a positive number';
  return undefined;
}

/** Takes an order; `settle.js` settles it. */
async function takeOrder(pool, { pair, side, amount }) {
  const { rows } = await pool.query('INSERT INTO orders (pair, side, amount) VALUES ($1, $2, $3) RETURNING id', [
    pair,
    side,
    amount,
  ]);
  return { id: Number(rows[0].id) };
}

module.exports = { problem, takeOrder };
