import type { Program } from '../../../ops/plan.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import { labelledLater, type Task } from '../runtime/task.js'
import { toArray } from '../runtime/to-array.js'
import { compileReduction } from '../text/byte-reduce.js'
import { compileTextSample } from '../text/text-sample.js'
import { encodeSource } from './collected.js'
import { compileForeach } from './foreach.js'
import { compileShuffle } from './shuffle.js'
import { compileTake } from './take.js'

/** Runs a whole program. Returns the value for the driver, or a promise of it if a step awaits. */
export type CompiledProgram = (task: Task) => unknown

export function compileProgram(program: Program, compiler: PlanCompiler): CompiledProgram {
  const { made: run, asyncSteps } = compiler.program(program, () => compileSink(program, compiler))
  if (asyncSteps.length === 0) return run
  return async (task) => {
    for (const step of asyncSteps) await step(task)
    return run(task)
  }
}

function compileSink({ plan, sink }: Program, compiler: PlanCompiler): CompiledProgram {
  const { scratch, resolve } = compiler.services
  switch (sink.op) {
    case 'count':
      return compiler.counter(plan)
    case 'collect': {
      const source = compiler.forLoop(plan)
      return (task) => {
        const count = encodeSource(scratch, source, task)
        task.written.push({ as: 'collect', block: compiler.services.seal('records', count, 'short') })
        return undefined
      }
    }
    case 'apply': {
      const reduction = compileReduction(plan, sink, compiler)
      if (reduction) return reduction
      const fn = resolve(sink.fn)
      const source = compiler.source(plan)
      const general: CompiledProgram = (task) => {
        const records = toArray(source, task)
        return labelledLater(task, sink.label, () => fn(records, task.partition, task.context))
      }
      return compileTextSample(plan, sink, general, compiler) ?? general
    }
    case 'take':
      return compileTake(plan, sink.n, compiler)
    case 'foreach':
      return compileForeach(plan, sink, compiler)
    case 'shuffle':
      return compiler.inRecordOrder(() => compileShuffle(sink, plan, compiler))
  }
}
