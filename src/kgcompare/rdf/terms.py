"""Terms of the vocabularies that the code itself speaks of, as IRIs: one constant each, ``PREFIX_LOCAL_NAME``."""

from __future__ import annotations

from kgcompare.rdf.namespaces import iri

EDTF = iri("edtf:EDTF").value
"""The datatype of dates in Extended Date/Time Format."""
BIBO_AUTHOR_LIST = iri("bibo:authorList").value
BIBO_DOCUMENT = iri("bibo:Document").value
BIBO_DOI = iri("bibo:doi").value
BIBO_EDITOR_LIST = iri("bibo:editorList").value
BIBO_PAGES = iri("bibo:pages").value
BIBO_PAGE_END = iri("bibo:pageEnd").value
BIBO_PAGE_START = iri("bibo:pageStart").value
BIBO_URI = iri("bibo:uri").value
DCTERMS_CREATOR = iri("dcterms:creator").value
DCTERMS_DATE = iri("dcterms:date").value
DCTERMS_DESCRIPTION = iri("dcterms:description").value
DCTERMS_ISSUED = iri("dcterms:issued").value
DCTERMS_IS_PART_OF = iri("dcterms:isPartOf").value
DCTERMS_LICENSE = iri("dcterms:license").value
DCTERMS_PUBLISHER = iri("dcterms:publisher").value
DCTERMS_SOURCE = iri("dcterms:source").value
DCTERMS_TITLE = iri("dcterms:title").value
FOAF_FAMILY_NAME = iri("foaf:familyName").value
FOAF_GIVEN_NAME = iri("foaf:givenName").value
FOAF_NAME = iri("foaf:name").value
FOAF_ORGANIZATION = iri("foaf:Organization").value
FOAF_PERSON = iri("foaf:Person").value
KGC_ABSENCE = iri("kgc:absence").value
KGC_ADDED = iri("kgc:added").value
KGC_AGENT_LIST = iri("kgc:agentList").value
KGC_COMPARISON_KEY = iri("kgc:comparisonKey").value
KGC_CONDITION = iri("kgc:condition").value
KGC_CONTRIBUTION = iri("kgc:contribution").value
KGC_COUNT_ROW = iri("kgc:CountRow").value
KGC_ET_AL = iri("kgc:etAl").value
KGC_EXPLAINED = iri("kgc:explained").value
KGC_FACET = iri("kgc:facet").value
KGC_GENERIC = iri("kgc:generic").value
KGC_INVERSE_LABEL = iri("kgc:inverseLabel").value
KGC_KIND = iri("kgc:kind").value
KGC_MAIN = iri("kgc:main").value
KGC_METHOD = iri("kgc:Method").value
KGC_MUTUAL_SENTENCE = iri("kgc:mutualSentence").value
KGC_NAME_ROW = iri("kgc:NameRow").value
KGC_NONE = iri("kgc:None").value
KGC_ORDER = iri("kgc:order").value
KGC_ORIGIN = iri("kgc:origin").value
KGC_ORIGINATION = iri("kgc:origination").value
KGC_ORIGIN_END = iri("kgc:originEnd").value
KGC_ORIGIN_START = iri("kgc:originStart").value
KGC_PLURAL_LABEL = iri("kgc:pluralLabel").value
KGC_PLURAL_SENTENCE = iri("kgc:pluralSentence").value
KGC_REMARK_ROW = iri("kgc:RemarkRow").value
KGC_REASON = iri("kgc:reason").value
KGC_RELATED = iri("kgc:related").value
KGC_REMOVED = iri("kgc:removed").value
KGC_REPLACED = iri("kgc:replaced").value
KGC_ROW = iri("kgc:row").value
KGC_ROW_ID = iri("kgc:rowId").value
KGC_ROW_KIND = iri("kgc:rowKind").value
KGC_SENTENCE = iri("kgc:sentence").value
KGC_SHOWN = iri("kgc:shown").value
KGC_SUPPORTING = iri("kgc:supporting").value
KGC_TEXT_ROW = iri("kgc:TextRow").value
KGC_UNKNOWN = iri("kgc:Unknown").value
KGC_VALUE_ROW = iri("kgc:ValueRow").value
KGC_WARNS = iri("kgc:warns").value
KGC_WHERE_RECORDED = iri("kgc:WhereRecorded").value
OWL_ANNOTATION_PROPERTY = iri("owl:AnnotationProperty").value
OWL_CLASS = iri("owl:Class").value
OWL_DATATYPE_PROPERTY = iri("owl:DatatypeProperty").value
OWL_OBJECT_PROPERTY = iri("owl:ObjectProperty").value
OWL_PROPERTY_DISJOINT_WITH = iri("owl:propertyDisjointWith").value
OWL_SYMMETRIC_PROPERTY = iri("owl:SymmetricProperty").value
OWL_TRANSITIVE_PROPERTY = iri("owl:TransitiveProperty").value
OWL_VERSION_INFO = iri("owl:versionInfo").value
QB_DATA_SET = iri("qb:DataSet").value
RDFS_DOMAIN = iri("rdfs:domain").value
RDFS_LABEL = iri("rdfs:label").value
RDFS_RANGE = iri("rdfs:range").value
RDFS_SUB_CLASS_OF = iri("rdfs:subClassOf").value
RDFS_SUB_PROPERTY_OF = iri("rdfs:subPropertyOf").value
RDF_FIRST = iri("rdf:first").value
RDF_OBJECT = iri("rdf:object").value
RDF_PROPERTY = iri("rdf:Property").value
RDF_NIL = iri("rdf:nil").value
RDF_REST = iri("rdf:rest").value
RDF_STATEMENT = iri("rdf:Statement").value
RDF_SUBJECT = iri("rdf:subject").value
RDF_TYPE = iri("rdf:type").value
SCHEMA_DATASET = iri("schema:Dataset").value
SCHEMA_NAME = iri("schema:name").value
SCHEMA_PROGRAMMING_LANGUAGE = iri("schema:programmingLanguage").value
SCHEMA_SAME_AS = iri("schema:sameAs").value
SCHEMA_SHA256 = iri("schema:sha256").value
SCHEMA_URL = iri("schema:url").value
SCHEMA_WEB_PAGE = iri("schema:WebPage").value
SH_ALTERNATIVE_PATH = iri("sh:alternativePath").value
SH_AND = iri("sh:and").value
SH_CLASS = iri("sh:class").value
SH_CLOSED = iri("sh:closed").value
SH_DATATYPE = iri("sh:datatype").value
SH_DEACTIVATED = iri("sh:deactivated").value
SH_DESCRIPTION = iri("sh:description").value
SH_GROUP = iri("sh:group").value
SH_HAS_VALUE = iri("sh:hasValue").value
SH_IN = iri("sh:in").value
SH_INFO = iri("sh:Info").value
SH_INVERSE_PATH = iri("sh:inversePath").value
SH_MAX_COUNT = iri("sh:maxCount").value
SH_MESSAGE = iri("sh:message").value
SH_NAME = iri("sh:name").value
SH_NODE = iri("sh:node").value
SH_NODE_KIND = iri("sh:nodeKind").value
SH_NODE_SHAPE = iri("sh:NodeShape").value
SH_OR = iri("sh:or").value
SH_ORDER = iri("sh:order").value
SH_PATH = iri("sh:path").value
SH_PROPERTY = iri("sh:property").value
SH_TARGET_CLASS = iri("sh:targetClass").value
SH_TARGET_OBJECTS_OF = iri("sh:targetObjectsOf").value
SH_TARGET_SUBJECTS_OF = iri("sh:targetSubjectsOf").value
SH_VIOLATION = iri("sh:Violation").value
SH_WARNING = iri("sh:Warning").value
SH_XONE = iri("sh:xone").value
SKOS_ALT_LABEL = iri("skos:altLabel").value
SKOS_CONCEPT = iri("skos:Concept").value
SKOS_DEFINITION = iri("skos:definition").value
SKOS_EDITORIAL_NOTE = iri("skos:editorialNote").value
SKOS_EXACT_MATCH = iri("skos:exactMatch").value
SKOS_HIDDEN_LABEL = iri("skos:hiddenLabel").value
SKOS_IN_SCHEME = iri("skos:inScheme").value
SKOS_PREF_LABEL = iri("skos:prefLabel").value
XSD_BOOLEAN = iri("xsd:boolean").value
XSD_DATE = iri("xsd:date").value
XSD_DATE_TIME = iri("xsd:dateTime").value
XSD_DECIMAL = iri("xsd:decimal").value
XSD_DOUBLE = iri("xsd:double").value
XSD_FLOAT = iri("xsd:float").value
XSD_G_YEAR = iri("xsd:gYear").value
XSD_G_YEAR_MONTH = iri("xsd:gYearMonth").value
XSD_INT = iri("xsd:int").value
XSD_INTEGER = iri("xsd:integer").value
XSD_LONG = iri("xsd:long").value
XSD_NON_NEGATIVE_INTEGER = iri("xsd:nonNegativeInteger").value
XSD_SHORT = iri("xsd:short").value
XSD_STRING = iri("xsd:string").value

AGENTS = (FOAF_PERSON, FOAF_ORGANIZATION, iri("foaf:Agent").value)
"""The classes of persons and organisations."""
FAMILY_NAMES = (FOAF_FAMILY_NAME, *(iri(f"foaf:{name}").value for name in ("lastName", "surname", "family_name")))
FAMILY_NAMES += (iri("schema:familyName").value,)
"""The predicates that give the family name of a person, best first."""
GIVEN_NAMES = (FOAF_GIVEN_NAME, iri("foaf:firstName").value, iri("foaf:givenname").value, iri("schema:givenName").value)
"""The predicates that give the given names of a person, best first."""
DWC = "http://rs.tdwg.org/dwc/terms/"
"""The namespace of Darwin Core."""
LABELS: tuple[str, ...] = (SKOS_PREF_LABEL, FOAF_NAME, DCTERMS_TITLE, SCHEMA_NAME, RDFS_LABEL)
LABELS += ("http://schema.org/name", "http://purl.org/dc/elements/1.1/title", DWC + "scientificName")
LABELS += ("http://www.w3.org/2006/vcard/ns#fn",)
"""The predicates that name things, best first."""
SPOKEN: tuple[str, ...] = (RDF_TYPE, *LABELS, *FAMILY_NAMES, *GIVEN_NAMES, DCTERMS_ISSUED)
SPOKEN += (SCHEMA_PROGRAMMING_LANGUAGE, SCHEMA_URL, SKOS_DEFINITION, SKOS_IN_SCHEME)
"""The predicates of queries/names.rq: what a thing is called, and as what."""
CITED = {
    *(BIBO_AUTHOR_LIST, BIBO_DOI, BIBO_EDITOR_LIST, BIBO_PAGES, BIBO_PAGE_END, BIBO_PAGE_START, BIBO_URI),
    *(iri(f"bibo:{name}").value for name in ("editor", "issue", "volume")),
}
"""The predicates of BIBO that references show."""
ALIASES = (SKOS_ALT_LABEL, SKOS_HIDDEN_LABEL)
"""The predicates that give other names, under which things are sought."""
