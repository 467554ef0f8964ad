import { row } from './rows/mqtt.js'
import { runSuite } from './suite.js'

runSuite(row)
