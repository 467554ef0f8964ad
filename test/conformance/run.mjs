#!/usr/bin/env node
// Runs a folder of conformance cases in every mode and prints a table by operation.
//
//   node test/conformance/run.mjs [folder] [--only <text in the id>] [--seed <n>] [--list]
//
// Needs the built package. Ends with code 1 if a case fails, or asks for something that is not there.
import { parseArgs } from 'node:util'
import { CASES, casesOf, modesOf } from './conformance.mjs'
import { Tally } from './table.mjs'
import { NotYet } from './values.mjs'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, seed: { type: 'string' }, list: { type: 'boolean' } },
})
const seed = Number(values.seed ?? Date.now() % 100_000)
const modes = modesOf(seed)
const { cases, close } = casesOf(positionals[0] ?? CASES)
const tally = new Tally()
const faults = []
for (const { id, name, operations, run } of cases) {
  if (values.only && !id.includes(values.only)) continue
  if (values.list) console.log(`${id}: ${name} (${operations.join(', ')})`)
  for (const mode of modes) {
    const outcome = await run(mode).then(
      () => 'passed',
      (error) => {
        const missing = error instanceof NotYet
        // What is not there is missing in every mode.
        if (!missing || mode === modes[0]) {
          const where = missing ? '' : `, ${mode.name}`
          faults.push(`${id} (${name})${where}: ${error.message.split('\n').slice(0, 30).join('\n  ')}`)
        }
        return missing ? 'not yet' : 'failed'
      },
    )
    tally.add(operations, mode.name, outcome)
  }
}
await close()
for (const fault of faults) console.log(fault)
if (faults.length > 0) console.log()
console.log(tally.table(modes))
console.log(
  `\n${tally.count('passed')} passed, ${tally.count('failed')} failed, ${tally.count('not yet')} not yet (SEED=${seed})`,
)
process.exitCode = faults.length > 0 ? 1 : 0
