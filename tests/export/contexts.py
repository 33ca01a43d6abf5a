"""The JSON-LD contexts of RO-Crate 1.1 and of Workflow Run terms, as far as our crates use them.

Stricter than the published ones: a term that is not listed here is an unknown term for the validator.
"""

SCHEMA = "http://schema.org/"
BIOSCHEMAS = "https://bioschemas.org/"
RO_CRATE = "https://w3id.org/ro/crate/1.1/context"
WORKFLOW_RUN = "https://w3id.org/ro/terms/workflow-run/context"
TYPES = """
    AuthorizeAction Comment ComputerLanguage ControlAction CreateAction CreativeWork Dataset HowTo HowToStep
    OrganizeAction Person PropertyValue SoftwareApplication SoftwareSourceCode
""".split()
PROPERTIES = """
    about actionStatus additionalType agent author contentSize dateCreated datePublished description encodingFormat
    endTime error exampleOfWork hasPart identifier instrument keywords license mainEntity mentions name object position
    programmingLanguage result startTime step text value valueRequired version workExample
""".split()
OTHERS = {
    "File": f"{SCHEMA}MediaObject",
    "ComputationalWorkflow": f"{BIOSCHEMAS}ComputationalWorkflow",
    "FormalParameter": f"{BIOSCHEMAS}FormalParameter",
    "input": f"{BIOSCHEMAS}ComputationalWorkflow#input",
    "output": f"{BIOSCHEMAS}ComputationalWorkflow#output",
    "conformsTo": "http://purl.org/dc/terms/conformsTo",
}
CONTEXTS: dict[str, dict[str, dict[str, str]]] = {
    RO_CRATE: {"@context": {term: SCHEMA + term for term in (*TYPES, *PROPERTIES)} | OTHERS},
    WORKFLOW_RUN: {"@context": {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}},
}
