#!/usr/bin/env node
// `npx freshet ...` from a clone: sets it up when needed, then runs src/cli.ts on the pinned Node 26,
// whichever node npx itself runs on. What ships is bundled and does not come through here.
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const ready = spawnSync(process.execPath, [join(root, 'scripts/setup.mjs')], { stdio: 'inherit' })
if (ready.status !== 0) process.exit(ready.status ?? 1)
const node = join(root, 'node_modules/.bin/node')
const child = spawn(node, [join(root, 'src/cli.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// A terminal sends Ctrl-C to the whole group; other signals reach only this process and are passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal !== 'SIGINT' && child.kill(signal))
child.on('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  } else process.exit(code ?? 1)
})
