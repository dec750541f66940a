# syntax=docker/dockerfile:1
# Node and its tag are those of package.json's devDependency `node`.
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --no-audit --no-fund
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:26.10.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
COPY config ./config
# No root, and exec form: SIGTERM reaches Node itself, which drains.
USER node
EXPOSE 8080 8081
ENTRYPOINT ["node", "bin/headgate"]
CMD ["serve", "--config", "/etc/headgate/headgate.yaml"]
