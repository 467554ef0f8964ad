import type { Plan } from '../../../ops/plan.js'
import { encodeRecords } from '../../blocks/records-codec.js'
import type { PlanCompiler, Source } from './plan-compiler.js'
import { toArray } from './to-array.js'

/** Compiles a persisted partition: writes its records into a block if the driver asks for one, and passes them on. */
export function compileKeep({ of, input: number }: Plan & { op: 'keep' }, compiler: PlanCompiler): Source {
  const source = compiler.inRecordOrder(() => compiler.source(of))
  const { services } = compiler
  return (task, each) => {
    const records = toArray(source, task)
    const input = task.inputs[number]!
    if (input.in === 'keep') {
      services.scratch.reset()
      encodeRecords(services.scratch, records)
      task.written.push({ as: 'keep', key: input.key, block: services.seal('records', records.length, 'long') })
    }
    each(records)
  }
}
