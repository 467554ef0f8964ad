import type { FnRef } from '../../../ops/functions/ref.js'
import type { Aggregator, Plan, Program, Sink } from '../../../ops/plan.js'

/**
 * Finds the state of a program whose records no user function sees in the same task: they are written to a block, or
 * counted. Records of other state are copied, because a function may change its arguments.
 */
export function readOnlyStates({ plan, sink }: Program): ReadonlySet<Plan> {
  const found = new Set<Plan>()
  visit(plan, keepsRecords(sink))
  return found

  function visit(node: Plan, readOnly: boolean): void {
    switch (node.op) {
      case 'state':
        // Its inputs are passed to the operator's functions, or stay in its table.
        if (readOnly) found.add(node)
        return
      case 'chain':
        visit(node.of, readOnly && node.steps.every(({ fn }) => isLibrary(fn)))
        return
      case 'keep':
      case 'at':
        visit(node.of, readOnly)
        return
      case 'concat':
        for (const part of node.of) visit(part, readOnly)
    }
  }
}

function keepsRecords(sink: Sink): boolean {
  switch (sink.op) {
    case 'count':
    case 'collect':
    case 'take':
      return true
    case 'apply':
    case 'foreach':
      return isLibrary(sink.fn)
    case 'shuffle': {
      const { kind } = sink.partitioner
      return (kind === 'hash' || kind === 'deal') && (!sink.aggregator || combinesByLibrary(sink.aggregator))
    }
  }
}

function combinesByLibrary({ create, mergeValue, mergeCombiners }: Aggregator): boolean {
  return (!create || isLibrary(create)) && isLibrary(mergeValue) && isLibrary(mergeCombiners)
}

/** Functions of the library and the language change no record, unless they call a function among their arguments. */
function isLibrary(fn: FnRef): boolean {
  return fn.k === 'global' || (fn.k === 'builtin' && (fn.args ?? []).every((arg) => 'value' in arg))
}
