import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, alertItem } from './agent.ts'

const KILLS = 5
const BATCH_ITEMS = 20
const FRAMES_AHEAD = 5

describe('a collector that is killed', () => {
  let stateDir: string
  let child: ChildProcess | undefined
  before(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'freshet-collector-'))
  })
  after(() => {
    child?.kill('SIGKILL')
    rmSync(stateDir, { recursive: true, force: true })
  })

  async function start(): Promise<string> {
    child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), stateDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let url = ''
    for await (const chunk of child.stdout as NodeJS.ReadableStream) {
      url += chunk
      if (url.endsWith('\n')) break
    }
    return url.trim()
  }

  async function kill(): Promise<void> {
    const dead = once(child as ChildProcess, 'exit')
    child?.kill('SIGKILL')
    await dead
  }

  it('has every item it acknowledged, exactly once, and is sent the rest', async function () {
    this.timeout(60_000)
    let acknowledged = 0
    let sent = 0
    for (let life = 0; life <= KILLS; life++) {
      const url = await start()
      const token = readFileSync(join(stateDir, 'agent.token'), 'utf8').trim()
      const agent = await new Agent(url, { token }).opened()
      const durable = await agent.hello()
      assert(durable >= acknowledged, `${acknowledged} acknowledged, ${durable} there`)
      // What may have been stored without its acknowledgement is sent again.
      let next = acknowledged + 1
      const last = life === KILLS
      const dying = last ? undefined : delay(20 + 60 * life).then(kill)
      try {
        while (!last || acknowledged < sent) {
          while (next <= acknowledged + FRAMES_AHEAD * BATCH_ITEMS && (!last || next <= sent)) {
            const items = Array.from({ length: BATCH_ITEMS }, (_, index) => alertItem(next + index))
            agent.send({ kind: 'batch', items })
            next += BATCH_ITEMS
            sent = Math.max(sent, next - 1)
          }
          const { ack } = await agent.expect('ack')
          acknowledged = Math.max(acknowledged, ack.throughSequence)
        }
      } catch (error) {
        if (last) throw error
      }
      await dying
      agent.socket.terminate()
    }
    await kill()
    const db = new DatabaseSync(join(stateDir, 'store.db'))
    const { n, distinct } = db
      .prepare('SELECT count(*) AS n, count(DISTINCT id) AS "distinct" FROM alert_1')
      .get() as { n: number; distinct: number }
    const revisions = db.prepare('SELECT count(*) AS n FROM revision_1').get()?.n
    db.close()
    console.log(`      ${KILLS} kills, ${sent} items sent, ${n} stored`)
    assert(sent > KILLS * BATCH_ITEMS)
    assert.deepEqual(
      { n, distinct, revisions, acknowledged },
      {
        n: sent,
        distinct: sent,
        revisions: sent,
        acknowledged: sent,
      },
    )
  })
})
