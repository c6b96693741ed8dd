// Starts miniflare's R2 with r2sim-worker.mjs, which speaks S3, in front of it.
// usage: node r2sim.mjs MINIFLARE-FOLDER DIR PORT BUCKET...      (r2sim-up calls it)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, dir, port, ...buckets] = process.argv.slice(2);
const { Miniflare } = createRequire(`${folder}/`)('miniflare');

const server = new Miniflare({
  host: '127.0.0.1',
  port: Number(port),
  modules: true,
  script: readFileSync(new URL('r2sim-worker.mjs', import.meta.url), 'utf8'),
  compatibilityDate: '2025-01-01',
  r2Persist: `${dir}/data`,
  r2Buckets: Object.fromEntries(buckets.map((name) => [`bucket:${name}`, name])),
  bindings: { ACCESS_KEY: process.env.ACCESS_KEY, SECRET_KEY: process.env.SECRET_KEY },
});
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, async () => {
    await server.dispose();
    process.exit(0);
  });
}
await server.ready;
console.log('ready');
