import { row } from './rows/actors.js'
import { runSuite } from './suite.js'

runSuite(row)
