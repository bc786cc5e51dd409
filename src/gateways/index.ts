/** The registry: every adapter that can be configured. The sandbox is added by the composition root while it is on. */
import type { GatewayDefinition } from "./gateway.ts";
import { generic } from "./generic.ts";

export const GATEWAYS: readonly GatewayDefinition[] = [generic];
