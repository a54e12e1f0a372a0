# A worker of Spillway, and its commands: `docker run --rm spillway:local --help`.
# Another base brings other client programs of PostgreSQL; they must be as new as your server:
# node:20-bookworm-slim has 15, node:22-trixie-slim has 17.
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /spillway
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git openssh-client postgresql-client \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /spillway
COPY --from=build /spillway/package.json ./
COPY --from=build /spillway/node_modules ./node_modules
COPY --from=build /spillway/dist ./dist
ENV NODE_ENV=production SPILLWAY_HEALTH_PORT=9464
# It looks after containers by the engine's socket, and so may do what root may; there is nothing to gain by pretending.
ENTRYPOINT ["node", "/spillway/dist/starters/spillway.js"]
CMD ["worker"]
HEALTHCHECK --interval=5s --timeout=5s --retries=12 CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.SPILLWAY_HEALTH_PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
