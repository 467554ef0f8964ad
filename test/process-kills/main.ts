/*
 * Kills processes until it has done so often enough, and compares what the sinks hold with an oracle:
 *
 *   node --import tsx test/process-kills/main.ts [--kills 200] [--seed 1] [--source files] [--sink sqlite]
 */
import { parseArgs } from 'node:util'
import { runKills } from './run.js'
import { SINKS } from './sinks.js'
import { SOURCES } from './sources.js'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    source: { type: 'string' },
    sink: { type: 'string' },
  },
})
const named = <T extends object>(all: T, name: string | undefined) =>
  (Object.keys(all) as (keyof T)[]).filter((each) => name === undefined || each === name)
const pairs = named(SOURCES, values.source).flatMap((source) =>
  named(SINKS, values.sink).map((sink) => [source, sink] as const),
)
const kills = Math.ceil(Number(values.kills) / pairs.length)
let failed = 0
for (const [i, [source, sink]] of pairs.entries()) {
  const seed = Number(values.seed) + i
  const onKill = (nth: number, where: string) => console.log(`  ${nth}: killed ${where}`)
  const { lines, faults } = await runKills({ source, sink, kills, seed, onKill })
  console.log(
    `${source} to ${sink}: ${kills} kills, seed ${seed}, ${lines} lines: ${faults.length === 0 ? 'passed' : 'FAILED'}`,
  )
  for (const fault of faults.slice(0, 10)) console.log(`  ${fault}`)
  if (faults.length > 10) console.log(`  and ${faults.length - 10} more`)
  failed += faults.length
}
process.exitCode = failed === 0 ? 0 : 1
