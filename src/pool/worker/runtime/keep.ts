import type { Plan } from '../../../ops/plan.js'
import { gather } from './gathered.js'
import type { PlanCompiler, Source } from './plan-compiler.js'

/** Compiles a persisted partition: writes its records into a block if the driver asks for one, and passes them on. */
export function compileKeep({ of, input: number }: Plan & { op: 'keep' }, compiler: PlanCompiler): Source {
  const source = compiler.inRecordOrder(() => compiler.source(of))
  const { services } = compiler
  return (task, each) => {
    const records = gather(source, task)
    const input = task.inputs[number]!
    if (input.in === 'keep') {
      services.scratch.reset()
      records.encode(services.scratch)
      task.written.push({ as: 'keep', key: input.key, block: services.seal('records', records.count, 'long') })
    }
    records.pass(each)
  }
}
