import { EngineError } from '../../errors.ts';

/** The host's routes leave no room for a network: it may be worth looking whose they are. */
export class SubnetTaken extends EngineError {}
