import { runScenario } from './scenario.js'

await runScenario((text) => console.log(text))
