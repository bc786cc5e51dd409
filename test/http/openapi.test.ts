/** The document says what the app does: all of its routes and no other, by the rules that the requests are checked by. */
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import type * as z from "zod";
import { app } from "../../src/http/app.ts";
import { check, createBody, readJson } from "../../src/http/schemas.ts";
import { createDocument } from "../../src/openapi/document.ts";
import type * as bookkeeping from "../../src/openapi/bookkeeping-answers.ts";
import type { problem } from "../../src/openapi/problem-answer.ts";
import type * as transactions from "../../src/openapi/transaction-answers.ts";
import type { StatusUpdate } from "../../src/channel/message.ts";
import type { ProblemCode } from "../../src/http/problem.ts";
import type { Health } from "../../src/operations/check-health.ts";
import type * as views from "../../src/operations/views.ts";

const SEED = 20261122;
