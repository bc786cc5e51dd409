/** The page of the API: the document, shown by Swagger UI, which asks nobody but this origin. */
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  // Or it would ask a validator elsewhere.
  validatorUrl: null,
  // Its first theme is too pale to read.
  syntaxHighlight: { theme: "obsidian" },
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
});
