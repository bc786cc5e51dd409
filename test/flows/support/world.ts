/** The three parties of a flow: payment-edge, its gateway and its shop. One world per test file. */
import { type Api, createApi } from "./api.ts";
import { FakeGateway } from "./fake-gateway.ts";
import { FakeShop } from "./fake-shop.ts";
import { gatewayVariables, type System, shopVariables, startSystem, type Variables } from "./system.ts";

export interface World {
  readonly system: System;
  readonly gateway: FakeGateway;
  readonly shop: FakeShop;
  readonly api: Api;
  stop(): Promise<void>;
}

export async function startWorld(vars: Variables = {}): Promise<World> {
  const gateway = await FakeGateway.start();
  const shop = await FakeShop.start();
  const stopParties = async () => {
    await gateway.stop();
    await shop.stop();
  };
  try {
    const system = await startSystem({
      vars: { ...shopVariables, ...gatewayVariables(gateway.url), FULFILMENT_URL: shop.url, ...vars },
    });
    const stop = async () => {
      await system.stop();
      await stopParties();
    };
    return { system, gateway, shop, api: createApi(system.url), stop };
  } catch (error) {
    await stopParties();
    throw error;
  }
}
