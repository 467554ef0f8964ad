import { eachText } from '../../ops/functions/check-text.js'
import { asPair } from '../../ops/pair.js'
import type { RecordOp, RejectsSlot } from '../../ops/plan.js'
import type { Emit, Meter, ReadyStep } from './loop.js'

/*
 * Steps that give up a record whose function throws. Only the call is tried: what the steps after it throw is theirs.
 * All answers of a flatMap are taken before the first goes on, so one that throws midway gives none.
 */

/** The text of step `i` in a compiled loop; a flatMap leaves a brace open. */
export function guardedText(
  op: RecordOp,
  i: number,
  record: string,
  slot: RejectsSlot,
  check: (name: string) => string,
): string {
  const call = op === 'mapValues' || op === 'flatMapValues' ? `f${i}(asPair(${record})[1])` : `f${i}(${record})`
  const several = op === 'flatMap' || op === 'flatMapValues'
  const made = several ? `[...${eachText(`r${i}`, call)}]` : call
  const checked = several ? `for (const e of r${i}) { ${check('e')} }` : check(`r${i}`)
  const refuse = `meter.rejects.add(${slot}, labels[${i}], ${record}, error)`
  const tried = `let r${i}; try { r${i} = ${made}; ${checked} } catch (error) { ${refuse}; continue }`
  switch (op) {
    case 'map':
      return `${tried} const v${i} = r${i};`
    case 'filter':
      return `${tried} if (!r${i}) continue;`
    case 'mapValues':
      return `${tried} const v${i} = [${record}[0], r${i}];`
    case 'flatMap':
      return `${tried} for (const v${i} of r${i}) {`
    case 'flatMapValues':
      return `${tried} for (const e${i} of r${i}) { const v${i} = [${record}[0], e${i}];`
  }
}

/** The same as a closure. */
export function guardedStep(
  op: RecordOp,
  { fn, label }: ReadyStep,
  slot: RejectsSlot,
  next: Emit,
  mark: () => void,
  { rejects }: Meter,
): Emit {
  const call = (record: unknown) => {
    const made = fn(op === 'mapValues' || op === 'flatMapValues' ? asPair(record)[1] : record)
    return op === 'flatMap' || op === 'flatMapValues' ? [...made] : made
  }
  return (record) => {
    mark()
    let made: unknown
    try {
      made = call(record)
    } catch (error) {
      rejects.add(slot, label, record, error)
      return
    }
    pass(op, record, made, next)
  }
}

function pass(op: RecordOp, record: unknown, made: unknown, next: Emit): void {
  const key = () => (record as [unknown, unknown])[0]
  if (op === 'map') next(made)
  else if (op === 'filter') {
    if (made) next(record)
  } else if (op === 'mapValues') next([key(), made])
  else for (const each of made as unknown[]) next(op === 'flatMap' ? each : [key(), each])
}
