CREATE TABLE rates (
  pair text PRIMARY KEY,
  bid numeric NOT NULL,
  ask numeric NOT NULL
);
INSERT INTO rates (pair, bid, ask) VALUES
  ('EUR/USD', 1.0841, 1.0843),
  ('GBP/USD', 1.2675, 1.2678),
  ('USD/JPY', 149.62, 149.65);

CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  pair text NOT NULL,
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  amount numeric NOT NULL CHECK (amount > 0),
  taken_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  settled_by text
);
CREATE INDEX orders_open ON orders (id) WHERE settled_at IS NULL;
