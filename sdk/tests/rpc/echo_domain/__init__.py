"""The echo domain of the SDK's own tests."""

import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc
from sqlalchemy import text
from xianban.common.v1 import options_pb2  # noqa: F401 - registers the access option
from xianban_sdk.app import Resources, Service
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.rpc import Call

NAME = "xianban.echo.v1.EchoService"


def _compile() -> None:
    here = Path(__file__).parent
    protos = Path(__file__).parents[4] / "protos"
    with TemporaryDirectory() as out:
        found = Path(out) / "echo.binpb"
        arguments = [f"-I{here}", f"-I{protos}", f"-I{protos / 'vendor'}"]
        arguments.append(f"-I{resources.files(grpc_tools) / '_proto'}")
        if protoc.main(["protoc", *arguments, f"--descriptor_set_out={found}", "echo.proto"]):
            raise RuntimeError("echo.proto does not compile")
        files = descriptor_pb2.FileDescriptorSet.FromString(found.read_bytes())
    descriptor_pool.Default().AddSerializedFile(files.file[0].SerializeToString())


_compile()


def _message(name: str) -> Any:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(f"xianban.echo.v1.{name}")
    return message_factory.GetMessageClass(descriptor)


Note, NoteRequest, NoteQuery, Empty, Text, Tag = map(
    _message, ["Note", "NoteRequest", "NoteQuery", "Empty", "Text", "Tag"]
)


class EchoStub:
    """What grpcio-tools would have generated."""

    def __init__(self, channel: grpc.Channel) -> None:
        service = descriptor_pool.Default().FindServiceByName(NAME)
        for method in service.methods:
            kinds = {True: "stream", False: "unary"}
            kind = f"{kinds[method.client_streaming]}_{kinds[method.server_streaming]}"
            made = getattr(channel, kind)(
                f"/{NAME}/{method.name}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=_message(method.output_type.name).FromString,
            )
            setattr(self, method.name, made)


class EchoServicer:
    """Answers with what it was told and by whom."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.calls = 0

    def GetNote(self, request: NoteQuery, call: Call) -> Note:
        return self._note(request.text, call)

    def GetOwnNote(self, request: NoteQuery, call: Call) -> Note:
        return self._note(request.text, call)

    def GetPlace(self, request: NoteQuery, call: Call) -> Note:
        return self._note(request.text, call)

    def WriteNote(self, request: NoteRequest, call: Call) -> Note:
        self.calls += 1
        if request.text == "crash":
            raise ZeroDivisionError("secret detail")
        note = self._note(request.text, call, call.ids.new())
        call.uow.conn.execute(
            text("INSERT INTO note (id, text) VALUES (:id, :text)"),
            {"id": note.name, "text": note.text},
        )
        if request.text == "forbidden":
            raise FailedPrecondition("NOTE_FORBIDDEN", field="text", text=request.text)
        call.uow.emit(note, aggregate=note.name)
        return note

    def Ping(self, request: Text, call: Call) -> Text:
        if request.text == "slow":
            time.sleep(0.4)
        if request.text == "remaining":
            return Text(text=str(call.deadline.remaining()))
        return Text(text=request.text)

    def ListDistrict(self, request: Empty, call: Call) -> Text:
        return Text(text=",".join(call.scope.areas))

    def CloseAccount(self, request: NoteQuery, call: Call) -> Empty:
        return Empty()

    def Sweep(self, request: Empty, call: Call) -> Text:
        return Text(text=call.basis)

    def Alarm(self, request: NoteQuery, call: Call) -> Text:
        return Text(text="alarm")

    def Unpolicied(self, request: NoteQuery, call: Call) -> Text:
        return Text(text="never")

    def Upload(self, request: Iterator[NoteRequest], call: Call) -> Note:
        return self._note("+".join(each.text for each in request), call)

    def Watch(self, request: NoteQuery, call: Call) -> Iterator[Note]:
        if request.text == "forbidden":
            raise FailedPrecondition("NOTE_FORBIDDEN", field="text", text=request.text)
        return self._watch(request, call)

    def _watch(self, request: NoteQuery, call: Call) -> Iterator[Note]:
        if request.text == "quiet":
            call.wait(60)
        yield self._note("first", call)
        if request.text == "crash":
            raise ZeroDivisionError("secret detail")
        if request.text == "deaf":
            time.sleep(10)  # a handler that never looks whether its caller is still there
        while request.text == "forever":
            call.wait(0.05)
            yield self._note("again", call)

    def Chat(self, request: Iterator[NoteRequest], call: Call) -> Iterator[Note]:
        for each in request:
            yield self._note(each.text, call)

    def _note(self, said: str, call: Call, name: str = "") -> Note:
        return Note(name=name, text=said, actor=call.actor, basis=call.basis)


def echo_app(**changes: Any) -> Service:
    """The domain's composition."""
    chosen = {
        "name": "echo",
        "package": __name__,
        "servicers": {NAME: EchoServicer},
        "migrations": f"{__name__}.migrations",
        **changes,
    }
    return Service(**chosen)
