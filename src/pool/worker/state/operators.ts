import type { StateOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../runtime/task.js'
import { makeEventJoinOperator } from './event-join-operator.js'
import { makeEventWindowOperator } from './event-window-operator.js'
import type { MakeVersion } from './make-version.js'
import { makeMapOperator } from './map-operator.js'
import { makeUpdateOperator } from './update-operator.js'
import { makeWindowOperator } from './window-operator.js'

export function makeOperator(operator: StateOperator, services: ThreadServices): MakeVersion {
  switch (operator.kind) {
    case 'window':
      return makeWindowOperator(operator, services)
    case 'update':
      return makeUpdateOperator(operator, services)
    case 'map':
      return makeMapOperator(operator, services)
    case 'eventWindow':
      return makeEventWindowOperator(operator, services)
    case 'eventJoin':
      return makeEventJoinOperator(operator)
  }
}
