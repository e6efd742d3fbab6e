"""The two of whom one writes anonymously, with everything that could give them away, and those who look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.ExifTags import Base

from companion.spaces import api as spaces
from companion.viewer import Role, Viewer


@dataclass(frozen=True, kw_only=True)
class Author:
    """Somebody who may have written it.

    What they sign is signed with `signs_as`, a name from before their platform changed it: the one that they have now
    stands on no page, so that it can be searched for on all of them.
    """

    first: str
    last: str
    email: str
    subject: str
    picture_url: str
    visit: str
    file_name: str
    signs_as: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def secrets(self) -> list[tuple[str, str]]:
        """(what it is, how it reads) for all that must stand nowhere."""
        return [
            *(("the name", self.first), ("the name", self.last), ("the e-mail address", self.email.split("@")[0])),
            *(("the platform's id", self.subject), ("the picture", self.picture_url.split("//")[1])),
            *(("the visit", self.visit), ("the file name", self.file_name)),
        ]


def _author(first: str, last: str, number: int, *, signs_as: str) -> Author:
    return Author(
        first=first,
        last=last,
        email=f"mail.of.{number}@secret.example",
        subject=f"subject-{number}",
        picture_url=f"https://pictures.secret.example/{number}.png",
        visit=f"visit-{number}",
        file_name=f"file-{number}.png",
        signs_as=signs_as,
    )


QUILLA: Final = _author("Quilla", "Yupanqui", 77_130_977, signs_as="Killa Llaqta")
RUMI: Final = _author("Rumimaki", "Yawarpampa", 88_240_688, signs_as="Rumi Orqo")
AUTHORS: Final = (QUILLA, RUMI)
GROUP: Final = "Monday"


def admit(author: Author, space: spaces.Space) -> Viewer:
    """An author in a space, as a launch would bring them."""
    person = spaces.admit_person(
        organization_id=space.organization_id,
        issuer=space.issuer,
        subject=author.subject,
        name=author.name,
        email=author.email,
        picture_url=author.picture_url,
    )
    return _enter(space, person, Role.LEARNER, GROUP)


def join(space: spaces.Space, name: str, role: Role = Role.LEARNER, *, group: str = "") -> Viewer:
    """Somebody else."""
    person = spaces.admit_person(
        organization_id=space.organization_id, issuer=space.issuer, subject=name or "nameless", name=name
    )
    return _enter(space, person, role, group)


def signing(author: Author, viewer: Viewer) -> Viewer:
    """An author as they were called when they signed."""
    return replace(viewer, name=author.signs_as)


def picture(author: Author) -> SimpleUploadedFile:
    """A picture as a camera makes it: its maker's name is in the file, and the file has a name of its own."""
    image, exif, file = Image.new("RGB", (8, 8), "teal"), Image.Exif(), BytesIO()
    exif[Base.Artist] = author.name
    image.save(file, "PNG", exif=exif)
    return SimpleUploadedFile(author.file_name, file.getvalue(), content_type="image/png")


def _enter(space: spaces.Space, person: spaces.Person, role: Role, group: str) -> Viewer:
    spaces.record_membership(space_id=space.pk, person_id=person.pk, role=role)
    return Viewer(
        organization_id=space.organization_id,
        space_id=space.pk,
        person_id=person.pk,
        role=role,
        name=person.name,
        group_ids=spaces.set_groups(space_id=space.pk, person_id=person.pk, external_ids=[group]),
    )
