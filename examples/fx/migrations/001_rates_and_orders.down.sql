DROP TABLE orders;
DROP TABLE rates;
