# syntax=docker/dockerfile:1
# The tag is package.json's devDependency `node`. To pin the image's bytes as well, add the digest that
# `docker buildx imagetools inspect node:26.10.0-bookworm-slim` shows, in every FROM.

# What Headgate needs when it runs, and nothing that builds it.
FROM node:26.10.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26.10.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json rolldown.config.ts ./
COPY scripts/build ./scripts/build
COPY src ./src
RUN npm run build

FROM node:26.10.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
COPY config ./config
# A number, since `runAsNonRoot` cannot tell who a name is. It is the image's user `node`; the files stay root's.
USER 1000:1000
EXPOSE 8080 8081
# Exec form, and no npm in between: SIGTERM reaches Node.js itself, which drains.
ENTRYPOINT ["node", "bin/headgate"]
CMD ["serve", "--config", "/etc/headgate/headgate.yaml"]
