"""The components of a frozen program as a CycloneDX 1.6 document.

Written with the cyclonedx library from what is in the bundle. The library's own command line looks
at the build environment instead, which holds packages that are not shipped (pip, the builder) and
not the system libraries that are.
"""

from __future__ import annotations

from pathlib import Path

from bundle_parts import Part
from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def write_sbom(parts: list[Part], version: str, target: Path) -> None:
    """Write the document.

    Raises
    ------
    ValueError
        When it does not hold to the schema.
    """
    licences = LicenseFactory()
    program = Component(
        name="ecgviewer", version=version, type=ComponentType.APPLICATION, bom_ref="ecgviewer",
        licenses=[licences.make_from_string("MIT")],
    )  # fmt: skip
    bom = Bom()
    bom.metadata.component = program
    components = [_component(part, licences) for part in parts]
    for component in components:
        bom.components.add(component)
    bom.register_dependency(program, components)
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    if (problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        raise ValueError(f"the SBOM breaks its schema: {problem}")
    target.write_text(text, encoding="utf-8")


def _component(part: Part, licences: LicenseFactory) -> Component:
    component = Component(
        name=part.name,
        version=part.version or None,
        type=ComponentType.LIBRARY,
        bom_ref=f"{part.kind}:{part.name}",
        purl=_purl(part),
        properties=[Property(name="ecgviewer:files", value=str(len(part.files)))],
    )
    if part.licence:
        component.licenses.add(licences.make_from_string(part.licence))
    if part.homepage.startswith("http"):
        component.external_references.add(
            ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(part.homepage))
        )
    return component


def _purl(part: Part) -> PackageURL | None:
    if part.kind == "python":
        return PackageURL("pypi", name=part.name.lower().replace("_", "-"), version=part.version)
    if part.kind == "debian":
        return PackageURL("deb", "debian", part.name, part.version)
    return PackageURL("generic", name=part.name.lower(), version=part.version) or None
