/** What zod says of a bad value: its small variant brings no words along. Imported where they are shown to somebody. */
import { config } from "zod/mini";
import en from "zod/v4/locales/en.js";

config(en());
