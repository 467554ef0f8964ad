import type { FnRef } from '../../../ops/functions/ref.js'
import type { Aggregator, Plan, Program, Sink } from '../../../ops/plan.js'

/**
 * Finds the state of a program whose records no function of the user's sees in the same task: they go straight into a block,
 * or are counted. Records of other state are handed out as copies, since a function may change what it is given.
 */
export function readOnlyStates({ plan, sink }: Program): ReadonlySet<Plan> {
  const found = new Set<Plan>()
  visit(plan, keepsRecords(sink))
  return found

  function visit(node: Plan, readOnly: boolean): void {
    switch (node.op) {
      case 'state':
        // What it is made of meets the operator's functions, or stays in its table.
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

/** Functions of the library and the language change no record, unless they call a function that they were given. */
function isLibrary(fn: FnRef): boolean {
  return fn.k === 'global' || (fn.k === 'builtin' && (fn.args ?? []).every((arg) => 'value' in arg))
}
